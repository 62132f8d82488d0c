"""How far a training is, read from lines that it prints.

A line is either the launch runtime's, `{"trainstack": "progress", "step": 3, "loss": 0.5}`, or any
other JSON object with a whole number called `step`, of which numbers are taken as metrics.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .rank_mark import unmarked

_OURS = '{"trainstack": "progress"'
_LONGEST = 16_384
_TELLING = 8


@dataclass(frozen=True)
class Progress:
    """The last step of a training and what it measured."""

    step: int | None = None
    total: int | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """The newest value of each, for example `loss`."""
    at: str = ""
    """When the newest line was printed, as RFC 3339."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "step": self.step,
            "total": self.total,
            "metrics": dict(self.metrics),
            "at": self.at,
        }

    def then(self, line: Mapping[str, Any], at: str) -> Progress:
        """After one more line."""
        step, total = _whole(line.get("step")), _whole(line.get("total"))
        metrics = {key: value for key, value in line.items() if key not in ("step", "total")}
        return replace(
            self,
            step=self.step if step is None else step,
            total=self.total if total is None else total,
            metrics={**self.metrics, **metrics},
            at=at,
        )

    def __str__(self) -> str:
        said = []
        if self.step is not None:
            said.append(f"step {self.step}" + ("" if self.total is None else f"/{self.total}"))
        numbers = {key: value for key, value in self.metrics.items() if _is_number(value)}
        said += [f"{key} {value:.4g}" for key, value in list(numbers.items())[:_TELLING]]
        return ", ".join(said)


def progress_in(log: str, before: Progress | None = None) -> Progress | None:
    """The progress that a pod's log with timestamps tells, going on from `before`.

    >>> str(progress_in('2026-01-01T10:00:00Z {"step": 3, "total": 9, "loss": 0.25}'))
    'step 3/9, loss 0.25'
    """
    found = before
    for entry in log.splitlines():
        at, _, line = entry.partition(" ")
        if found is not None and at <= found.at:
            continue
        if (said := _read(line)) is not None:
            found = (found or Progress()).then(said, at)
    return found


def _read(line: str) -> dict[str, Any] | None:
    """What a line says about the training, or None."""
    rank, line = unmarked(line)
    if rank:
        return None
    ours = line.find(_OURS)
    said = _object(line[max(ours, 0) :])
    sort = said.pop("trainstack", None)
    if sort == "progress":
        return said
    if sort is not None or _whole(said.get("step")) is None:
        return None
    return {key: value for key, value in said.items() if _is_number(value)}


def _object(text: str) -> dict[str, Any]:
    """A line's JSON object; empty for anything else."""
    if len(text) > _LONGEST or not text.lstrip().startswith("{"):
        return {}
    try:
        return dict(json.loads(text, parse_constant=str))
    except ValueError:
        return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> int | None:
    return int(value) if _is_number(value) and value == int(value) else None
