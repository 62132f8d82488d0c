"""stacks/function, as the engine is told of it."""

from __future__ import annotations

import runpy
from pathlib import Path

import stacks
from trainstack.testing import synth

FOLDER = Path(stacks.__file__).parent / "function"


def test_it_registers_a_run_with_its_package() -> None:
    made = synth(
        lambda: runpy.run_path(str(FOLDER / "__main__.py")),
        project="function",
        preview=True,
        config={"function:image": "registry.example/digits:1", "function:lr": "0.1"},
        folder=FOLDER,
    )
    said = made.one("ElasticJob").inputs
    assert said["inputs"] == {"epochs": 5, "layers": [64, 128, 10], "lr": 0.1}
    assert said["program"].startswith("digits/train.py:train (")
    assert set(made.one("ConfigMap").inputs["data"]) == {"inputs.json"}
    assert set(made.one("ConfigMap").inputs["binaryData"]) == {"source.tar.bz2"}
