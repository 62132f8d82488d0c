"""One thing that is wrong with a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is wrong, and what to do about it."""

    what: str
    advice: str
    lines: tuple[str, ...] = ()
    """The end of what was printed, when it tells more."""

    def as_json(self) -> dict[str, str | list[str]]:
        """The documented shape of a finding in `trainstack doctor --json`."""
        return {"what": self.what, "advice": self.advice, "lines": list(self.lines)}


Findings = Iterator[Finding]
