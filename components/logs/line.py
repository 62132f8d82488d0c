"""A line that a run printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..status.rank_mark import unmarked
from .source import Source

_ROUND = '{"trainstack": "event", "event": "round"'
_AGO = re.compile(r"(?P<count>\d+)(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Line:
    """One line."""

    at: str
    """When the container runtime got it, as RFC 3339 in UTC."""
    source: Source
    text: str
    ranks: range | None = None
    """The ranks one of which printed it; None when that is not known."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of a line of `trainstack logs --json`."""
        one = self.ranks is not None and len(self.ranks) == 1
        return {
            "time": self.at,
            "pod": self.source.pod,
            "container": self.source.container,
            "role": self.source.role,
            "index": self.source.index,
            "start": self.source.start,
            "rank": self.ranks[0] if self.ranks is not None and one else None,
            "text": self.text,
        }


def lines(stamped: Iterable[str], source: Source, ranks: range | None = None) -> Iterator[Line]:
    """The lines of a log with timestamps, with ranks as far as it tells them itself.

    The launch runtime tells after each start and each change which ranks its node has; Horovod,
    and mpirun when asked, marks each line. `ranks` are those known before the first line.
    """
    for entry in stamped:
        at, _, text = entry.rstrip("\r\n").partition(" ")
        ranks = _of_round(text) or ranks
        rank, text = unmarked(text)
        yield Line(at, source, text, ranks if rank is None else range(rank, rank + 1))


def since(text: str, now: datetime) -> str:
    """A moment, said as a time or as how long ago, such that no later line's time is before it.

    Raises `ValueError` for anything else.

    >>> since("90m", datetime(2026, 1, 31, 10, tzinfo=timezone.utc))
    '2026-01-31T08:30:00'
    """
    if ago := _AGO.fullmatch(text):
        moment = now - timedelta(**{_UNITS[ago["unit"]]: int(ago["count"])})
    else:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _of_round(text: str) -> range | None:
    """The ranks of the node that met others."""
    if not text.startswith(_ROUND):
        return None
    try:
        said = json.loads(text)
        each = int(said["world_size"]) // int(said["nodes"])
        return range(said["node"] * each, (said["node"] + 1) * each)
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
