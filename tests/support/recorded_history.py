"""A stack's history as files, and a `pulumi` that prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.pulumi_cli import PulumiProgram

RECORDED = Path(__file__).parents[1] / "unit" / "history" / "recorded"
_RESOURCE = ("inputs", "parent", "provider", "type", "urn")
_PULUMI = """#!/bin/sh
case "$1 $2" in
  "stack history") cat {recorded}/history.json ;;
  "stack export") case "$*" in
    *--version*) echo "error: this backend does not give out old states" >&2; exit 255 ;;
    *) cat {recorded}/export.json ;;
  esac ;;
  "stack --show-name") echo dev ;;
  "whoami --json") echo '{{"user": "ada", "url": "{backend}"}}' ;;
  *) echo "error: no stack" >&2; exit 255 ;;
esac
"""


def record(stack: PulumiProgram, state: Path, into: Path) -> None:
    """Write what `pulumi` tells of a stack and what its `file://` backend keeps, cut down."""
    into.mkdir(parents=True, exist_ok=True)
    history = stack.run("stack", "history", "--json", "--page-size", "0").check().json
    _write(into / "history.json", [_slim_update(entry) for entry in history])
    export = stack.run("stack", "export").check().json
    _write(into / "export.json", {**export, "deployment": _slim(export["deployment"])})
    entries = state / ".pulumi" / "history" / "shop" / "dev"
    names = sorted(file.name for file in entries.glob("*.history.json"))
    kept = into / "state" / ".pulumi" / "history" / "shop" / "dev"
    kept.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names, start=1):
        checkpoint = json.loads((entries / name.replace(".history.", ".checkpoint.")).read_text())
        checkpoint["checkpoint"]["latest"] = _slim(checkpoint["checkpoint"]["latest"])
        for sort, content in (("history", {}), ("checkpoint", checkpoint)):
            _write(kept / f"dev-{number}.{sort}.json", content)
            _write(kept / f"dev-{number}.{sort}.json.attrs", {})


def fake_pulumi(folder: Path, backend: str = f"file://{RECORDED}/state") -> Path:
    """Make a `pulumi` that prints the recorded history; gives the folder to put on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pulumi"
    file.write_text(_PULUMI.format(recorded=RECORDED, backend=backend))
    file.chmod(0o755)
    return folder


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def _slim_update(entry: dict[str, Any]) -> dict[str, Any]:
    environment = {
        key: value for key, value in entry["environment"].items() if key.startswith("git.")
    }
    config = {key: value for key, value in entry["config"].items() if key.startswith("shop:")}
    return {**entry, "environment": environment, "config": config}


def _slim(deployment: dict[str, Any]) -> dict[str, Any]:
    resources = [
        {key: resource[key] for key in _RESOURCE if key in resource}
        for resource in deployment.get("resources") or []
    ]
    for resource in resources:
        inputs = resource.get("inputs") or {}
        if resource["type"].startswith("pulumi:providers:"):
            inputs.pop("renderYamlToDirectory", None)
        resource["inputs"] = {
            key: value for key, value in inputs.items() if key not in ("spec", "data")
        }
    return {"resources": resources}
