"""How a launch ended, and the termination message that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from . import exitcode
from .failure import Failure

LARGEST_MESSAGE = 4_000
LONGEST_LINE = 300
LONGEST_ERROR = 1_000


@dataclass(frozen=True)
class Success:
    """The program ended well on every rank of this node."""

    world_size: int = 1
    nodes: int = 1
    restarts: int = 0
    duration: float = 0.0
    result: Any = None
    rank_zero: bool = True
    decks: list[str] = field(default_factory=list)
    """The folder's address and their names."""
    exit_code: int = exitcode.SUCCEEDED

    def message(self) -> str:
        """One line of JSON."""
        return _line(
            {
                "status": "succeeded",
                "exit_code": 0,
                "result": self.result,
                "world_size": self.world_size,
                "nodes": self.nodes,
                "restarts": self.restarts,
                "duration": round(self.duration, 1),
                **({"decks": self.decks} if self.decks else {}),
            }
        )

    def lasting(self, seconds: float) -> Success:
        """The same with its duration."""
        return replace(self, duration=seconds)


@dataclass(frozen=True)
class Failed:
    """The program failed, or could not be launched."""

    failure: Failure
    exit_code: int = exitcode.FAILED
    status: str = "failed"
    told: bool = False
    """Whether people have read about it in this pod's log."""

    def message(self) -> str:
        """One line of JSON, at most 4,000 bytes; of the traceback, the end is kept."""
        failure = self.failure
        said: dict[str, Any] = {
            "status": self.status,
            "exit_code": failure.exit_code,
            "reason": failure.reason,
            "rank": failure.rank,
            "node": failure.node,
            "error": _shortened(failure.error, LONGEST_ERROR),
            "location": _shortened(failure.location or "", LONGEST_LINE) or None,
            "traceback": [_shortened(line, LONGEST_LINE) for line in failure.traceback],
            "restarts": failure.restarts,
            **({"lost_peer": True} if failure.lost_peer else {}),
        }
        while said["traceback"] and len(_line(said).encode()) > LARGEST_MESSAGE:
            del said["traceback"][0]
        return _line(said)

    def retryable(self) -> Failed:
        """The same, with an exit code of its own when the program says that a restart may help."""
        if self.failure.recoverable and self.exit_code == exitcode.FAILED:
            return replace(self, exit_code=exitcode.RECOVERABLE)
        return self


Outcome = Success | Failed


def stopped() -> Failed:
    """SIGTERM ended it."""
    failure = Failure("signal", exitcode.STOPPED, "stopped by SIGTERM")
    return Failed(failure, exitcode.STOPPED, "stopped")


def unlaunched(error: str, exit_code: int) -> Failed:
    """The launcher itself, not the program, is at fault."""
    return Failed(Failure("rendezvous", exit_code, error), exit_code)


def unusable(error: str) -> Failed:
    """What the job was given is at fault, so that no retry helps."""
    return Failed(Failure("storage", exitcode.USAGE, error), exitcode.USAGE)


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _shortened(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, the middle left out."""
    raw = text.encode(errors="replace")
    if len(raw) <= most:
        return raw.decode()
    half = (most - 3) // 2
    return raw[:half].decode(errors="ignore") + "…" + raw[-half:].decode(errors="ignore")
