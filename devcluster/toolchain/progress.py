"""What a build is doing, and how it is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

PLAIN_SECONDS = 15.0


@dataclass(frozen=True)
class Progress:
    """One moment of a build: tool `number` of `total`, times in seconds."""

    tool: str
    number: int
    total: int
    doing: str
    elapsed: float
    expected: float
    all_elapsed: float
    all_expected: float
    done: bool = False


Report = Callable[[Progress], None]


class PlainReport:
    """A line when a tool starts and ends, and every fifteen seconds between."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._tool = ""
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show this moment, if it is time to."""
        now = time.monotonic()
        if progress.tool == self._tool and not progress.done and now < self._next:
            return
        self._tool = progress.tool
        self._next = now + PLAIN_SECONDS
        print(line(progress), file=self._stream, flush=True)


def line(progress: Progress) -> str:
    """The moment in one line."""
    head = f"[{progress.number}/{progress.total}] {progress.tool}"
    if progress.done:
        return f"{head}: built in {clock(progress.elapsed)}"
    if not progress.total:
        return f"{progress.tool}: {progress.doing}, {clock(progress.elapsed)}"
    return (
        f"{head}  {clock(progress.elapsed)} of about {clock(progress.expected)}, "
        f"all {clock(progress.all_elapsed)} of about {clock(progress.all_expected)}  "
        f"{progress.doing}"
    )


def clock(seconds: float) -> str:
    """Minutes and seconds, as 3:07."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


@contextmanager
def console_report() -> Iterator[Report]:
    """Live on a terminal, plain lines elsewhere, both on standard error."""
    if not sys.stderr.isatty():
        yield PlainReport()
        return
    from .live import LiveReport

    with LiveReport() as report:
        yield report
