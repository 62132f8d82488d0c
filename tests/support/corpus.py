"""The frozen corpus: what trainstack makes of some specs, and has to go on making of them.

Each file in `tests/unit/corpus` holds a job and what it became: its version and every Kubernetes
object. A release changes neither; see the README there for how to add an entry.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import trainstack
from trainstack.testing import synth

FOLDER = Path(__file__).parents[1] / "unit" / "corpus"
PROJECT, STACK = "shop", "dev"


def names() -> list[str]:
    """Names of all entries."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """An entry: `kind`, `name`, `args`, perhaps `files`; `version` and `objects`."""
    entry: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return entry


def made(said: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
    """What the library makes of an entry's job now."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in said.get("files", {}).items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        component = getattr(trainstack, said["kind"])
        result = synth(
            lambda: component(said["name"], said["args"]),
            project=PROJECT,
            stack_name=STACK,
            preview=preview,
            folder=Path(folder),
        )
    objects = [r.inputs for r in result.registrations if r.type.startswith("kubernetes:")]
    job = result.one(f"trainstack:index:{said['kind']}")
    return {"version": job.inputs["version"], "objects": objects}


def add(name: str, said: dict[str, Any]) -> Path:
    """Freeze what is made of a job now, under a new name.

    Raises `FileExistsError` for a name that is taken: no entry is ever rewritten.
    """
    path = FOLDER / f"{name}.json"
    entry = json.dumps({**said, **made(said)}, indent=2, sort_keys=True)
    with path.open("x") as file:
        file.write(f"{entry}\n")
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m tests.support.corpus NAME <<<\'{"kind": …, "name": …, …}\'')
    print(add(sys.argv[1], json.load(sys.stdin)))
