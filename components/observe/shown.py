"""What is shown of a run: its state in the cluster, or what its stack still knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from ..status import Phase, RunStatus
from ..status.reader import Reader
from .found import Found
from .place import Place, answering

GONE = "Gone"
"""The phase of a run whose object is not in the cluster."""


@dataclass(frozen=True)
class Shown:
    """A run at one moment."""

    found: Found
    status: RunStatus | None
    """None when its object is gone: deleted, or removed by its TTL."""

    @property
    def phase(self) -> str:
        """The phase in words."""
        return self.status.phase.value if self.status else GONE

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status is None or self.status.phase.ended

    @property
    def succeeded(self) -> bool:
        """Whether it went well, also when only its stack still knows."""
        if self.status is None:
            return (self._waited().get("status") or {}).get("phase") == Phase.SUCCEEDED.value
        return self.status.phase is Phase.SUCCEEDED

    def as_json(self) -> dict[str, Any]:
        """The documented shape of a run in `trainstack status --json`."""
        if self.status is not None:
            return self.status.to_dict()
        ref, waited = self.found.ref, self._waited()
        known = {
            "kind": ref.kind,
            "namespace": ref.namespace,
            "name": ref.name,
            "phase": GONE,
            "component": self.found.kind,
            "run_name": self.found.run,
            "version": self.found.version,
            "result": waited.get("result"),
            "decks": waited.get("decks"),
            "report": {
                key: value for key, value in (waited.get("status") or {}).items() if key != "phase"
            },
        }
        return {**dict.fromkeys(_KEYS), **known}

    def _waited(self) -> dict[str, Any]:
        """What `up` has kept of a run that it waited for."""
        return dict(self.found.stack_run.outputs) if self.found.stack_run else {}


_KEYS = (*(field.name for field in fields(RunStatus)), "ready", "total", "restarts")


class Looker:
    """Looks at runs again and again, with one client a cluster."""

    def __init__(self) -> None:
        self._readers: dict[Place, Reader] = {}

    def look(self, runs: Iterable[Found]) -> list[Shown]:
        """How all runs are now.

        Raises `TrainstackError` when a cluster does not answer.
        """
        with answering():
            return [Shown(found, self._reader(found.place).status(found.ref)) for found in runs]

    def _reader(self, place: Place) -> Reader:
        if place not in self._readers:
            self._readers[place] = Reader(place.connect())
        return self._readers[place]
