"""Previews of the real engine as files, without what no reader needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parents[1] / "unit" / "review" / "recorded"
_STATE = ("id", "inputs", "parent", "type", "urn")


def slim(text: str) -> str:
    """A preview without stack traces, outputs, configuration and times."""
    lines = [json.dumps(document) for document in map(_slim, _documents(text)) if document]
    return "\n".join(lines) + "\n"


def recorded(name: str) -> str:
    """A preview that `tests/engine/review` has recorded and compares with the engine's."""
    return (RECORDED / f"{name}.json").read_text()


def _documents(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def _slim(document: dict[str, Any]) -> dict[str, Any] | None:
    if "sequence" not in document:
        steps = [{**step, **_states(step)} for step in document["steps"]]
        rest: dict[str, Any] = {
            key: document[key] for key in ("diagnostics", "changeSummary") if key in document
        }
        return {"steps": steps, **rest}
    if step := document.get("resourcePreEvent"):
        step["metadata"].update(_states(step["metadata"]))
    said = document.get("diagnosticEvent", {}).get("severity")
    return None if said == "debug" or "resOutputsEvent" in document else document


def _states(step: dict[str, Any]) -> dict[str, Any]:
    states = {key: step[key] for key in ("old", "new", "oldState", "newState") if step.get(key)}
    return {
        key: {part: _short(state[part]) for part in _STATE if part in state}
        for key, state in states.items()
    }


def _short(value: Any) -> Any:
    """Manifests keep their names only."""
    if isinstance(value, dict) and "apiVersion" in value:
        return {key: value[key] for key in ("apiVersion", "kind", "metadata") if key in value}
    return value
