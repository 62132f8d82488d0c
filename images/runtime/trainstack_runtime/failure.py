"""Why a rank failed."""

from __future__ import annotations

import linecache
import os
import re
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import RecoverableError

OURS = str(Path(__file__).parent) + os.sep
LOST_PEER_TYPES = {"DistBackendError", "DistNetworkError", "DistStoreError", "UnavailableError"}
LOST_PEER_TEXT = re.compile(r"gloo/transport|Connection (closed|reset) by peer|ncclRemoteError")
FAULT_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$')
HINTS = {
    "SIGKILL": "often the kernel, because the container ran out of memory",
    "SIGSEGV": "native code touched memory that is not its own",
    "SIGBUS": "often a full /dev/shm: raise shared_memory",
}


@dataclass(frozen=True)
class Failure:
    """The first thing that went wrong on one rank."""

    reason: str
    exit_code: int
    error: str
    rank: int | None = None
    node: int | None = None
    location: str | None = None
    traceback: list[str] = field(default_factory=list)
    restarts: int = 0
    at: float = 0.0
    lost_peer: bool = False
    recoverable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_exception(cls, error: BaseException, **where: Any) -> Failure:
        """Of an exception that left the program; frames that are not the program's are cut off."""
        error = error.with_traceback(_users(error.__traceback__))
        lines = "".join(traceback.format_exception(error)).splitlines()
        text = "".join(traceback.format_exception_only(error)).strip()
        if isinstance(error, SyntaxError):
            text = text.splitlines()[-1]
        lost = type(error).__name__ in LOST_PEER_TYPES or bool(LOST_PEER_TEXT.search(str(error)))
        return cls(
            "exception",
            1,
            text,
            location=_location(error),
            traceback=lines,
            at=time.time(),
            lost_peer=lost,
            recoverable=isinstance(error, RecoverableError),
            **where,
        )

    @classmethod
    def from_exit(cls, code: object, **where: Any) -> Failure:
        """Of a program that called `sys.exit` with a code other than 0, or with a text."""
        if not isinstance(code, int):
            error, code = f"the program ended itself: {code}", 1
        else:
            error, code = f"the program ended itself with exit code {code}", code & 0xFF
        return cls("exit", code or 1, error, at=time.time(), **where)

    @classmethod
    def from_signal(cls, number: int, fault: str = "", **where: Any) -> Failure:
        """Of a process that a signal ended; `fault` is what faulthandler wrote about it."""
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        hint = f" ({HINTS[name]})" if name in HINTS else ""
        lines = _fault_lines(fault)
        return cls(
            "signal",
            128 + number,
            f"killed by {name}{hint}",
            location=_fault_location(lines),
            traceback=lines,
            **{"at": time.time(), **where},
        )

    def readable(self) -> str:
        """For a person, the traceback first."""
        return "\n".join([*self.traceback, f"trainstack: {self.summary()}"])

    def summary(self) -> str:
        """For a person, in one or two lines."""
        where = "" if self.rank is None else f"rank {self.rank} (node {self.node}) failed: "
        at = f"\n  at {self.location}" if self.location else ""
        return f"{where}{self.error}{at}"


def first(failures: list[Failure]) -> Failure:
    """The cause: a rank that merely lost its peer, or was stopped, counts last."""

    def order(failure: Failure) -> tuple[bool, bool, float]:
        stopped = failure.exit_code == 128 + signal.SIGTERM
        return failure.lost_peer, stopped, failure.at

    return min(failures, key=order)


def _users(trace: TracebackType | None) -> TracebackType | None:
    while trace and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_ours(filename: str) -> bool:
    return filename.startswith(("<frozen ", OURS))


def _location(error: BaseException) -> str | None:
    """The innermost frame that is the user's, as `train.py:33 in main: raise ValueError(…)`."""
    if isinstance(error, SyntaxError) and error.filename:
        return _place(error.filename, error.lineno or 0, None, error.text or "")
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if not _is_library(frame.filename)]
    if not frames:
        return None
    frame = (users or frames)[-1]
    return _place(frame.filename, frame.lineno or 0, frame.name, frame.line or "")


def _is_library(filename: str) -> bool:
    library = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120
    installed = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
    return filename.startswith(("<", library, OURS)) or any(part in filename for part in installed)


def _place(filename: str, line: int, function: str | None, source: str) -> str:
    folder = (sys.path[0] if sys.path else "") + os.sep
    shown = filename.removeprefix(folder) if filename.startswith(folder) else filename
    called = f" in {function}" if function else ""
    return f"{shown}:{line}{called}: {source.strip()}"


def _fault_lines(fault: str) -> list[str]:
    """The failing thread's part of a faulthandler report, oldest call first like a traceback."""
    current = fault.partition("Current thread")[2].split("\n\n", 1)[0]
    frames = [match for line in current.splitlines() if (match := FAULT_FRAME.match(line))]
    lines = []
    for frame in reversed(frames):
        if not _is_ours(frame["file"]) and "runpy" not in frame["file"]:
            lines.append(f'  File "{frame["file"]}", line {frame["line"]}, in {frame["function"]}')
            if source := linecache.getline(frame["file"], int(frame["line"])).strip():
                lines.append(f"    {source}")
    return lines


def _fault_location(lines: list[str]) -> str | None:
    pattern = re.compile(r'^  File "(.*)", line (\d+), in (.*)$')
    frames = [match for line in lines if (match := pattern.match(line))]
    users = [frame for frame in frames if not _is_library(frame[1])]
    if not frames:
        return None
    frame = (users or frames)[-1]
    source = linecache.getline(frame[1], int(frame[2]))
    return _place(frame[1], int(frame[2]), frame[3], source)
