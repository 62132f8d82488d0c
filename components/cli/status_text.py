"""Runs as lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..observe.shown import Shown
from ..status import RunStatus
from ..waiting.line import duration
from .text import columns

_HEAD = ("RUN", "VERSION", "KIND", "PHASE", "READY", "RESTARTS", "PROGRESS", "ELAPSED")


def status_lines(runs: Sequence[Shown]) -> list[str]:
    """A line for each run, and below it why it fails or waits, or what came of it."""
    if not runs:
        return ["no runs"]
    head, *lines = columns([_HEAD, *map(_row, runs)])
    return [
        head,
        *(line for row, run in zip(lines, runs, strict=True) for line in (row, *_more(run))),
    ]


def _row(shown: Shown) -> tuple[str, ...]:
    found, status = shown.found, shown.status
    first = (found.run, found.version, found.kind, phase(shown))
    if status is None:
        return (*first, "", "", "", "")
    return (
        *first,
        ready(status),
        str(status.restarts),
        str(status.progress or ""),
        duration(status.elapsed),
    )


def phase(shown: Shown) -> str:
    """The phase, and the queue of a run that a queue holds back."""
    return shown.status.headline if shown.status else shown.phase


def ready(status: RunStatus) -> str:
    """Ready pods of each role."""
    if status.phase.ended:
        return ""
    return " ".join(f"{role.ready}/{role.total} {name}" for name, role in status.roles.items())


def _more(shown: Shown) -> Iterator[str]:
    status = shown.as_json()
    if status["reason"]:
        yield f"    {status['reason']}"
    if status["result"] is not None:
        yield f"    result: {json.dumps(status['result'], ensure_ascii=False)}"


def change_line(shown: Shown) -> str:
    """All that is known of a run, in one line."""
    status = shown.status
    said = [phase(shown)]
    if status is not None:
        restarts = f"restarts: {status.restarts}" if status.restarts else ""
        told = (ready(status), str(status.progress or ""), restarts)
        said += [*filter(None, told), f"after {duration(status.elapsed)}"]
    more = [text.strip() for text in _more(shown)]
    return "; ".join([f"{shown.found.ref.name}: {', '.join(said)}", *more])
