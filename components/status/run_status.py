"""A run's state as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..spec.queue import QUEUE
from ..spec.run import PREFIX
from .cause import reason_of
from .look import Look
from .phase import Phase, phase_of
from .progress import Progress
from .queueing import Place, place_of
from .reports import decks, verdict
from .roles import Role, roles_of


@dataclass(frozen=True)
class RunStatus:
    """How far a run is at one moment; `to_dict` is stable and fit for JSON."""

    kind: str
    """The object's kind, for example `PyTorchJob`."""
    namespace: str
    name: str
    """The object's name, `<run_name>-<version>`."""
    phase: Phase
    reason: str | None = None
    """Why it has failed or is not running, in one line."""
    component: str | None = None
    """The component that made it, for example `ElasticJob`; None for an object of others."""
    run_name: str | None = None
    version: str | None = None
    stack: str | None = None
    """Project and stack, as the label spells them."""
    queue: str | None = None
    """The Kueue queue that it is in."""
    place: Place | None = None
    """Its place among the runs of its namespace that wait in that queue."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """By name (`master`, `worker`, `store`, `launcher`, …; `pod` for a batch Job)."""
    started: str | None = None
    """When it was made, or its controller says it began, as RFC 3339 in UTC."""
    ended: str | None = None
    elapsed: float = 0.0
    """Seconds from the start to the end, or until now."""
    deadline: int | None = None
    """`active_deadline_seconds`: seconds from the start after which it is ended as failed."""
    progress: Progress | None = None
    """The last step that it printed."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """Of a success, what the launch runtime says: duration (seconds), nodes, restarts of ranks in
    place, world_size."""
    result: Any = None
    decks: Mapping[str, str] | None = None

    @property
    def headline(self) -> str:
        """The phase in words, with queue and place of a run that a queue holds back."""
        if self.queue and self.phase is Phase.SUSPENDED:
            place = f" ({self.place})" if self.place else ""
            return f"Queued in {self.queue}{place}"
        return self.phase.value

    @property
    def ready(self) -> int:
        """Pods that are ready."""
        return sum(role.ready for role in self.roles.values())

    @property
    def total(self) -> int:
        """Pods that there should be."""
        return sum(role.total for role in self.roles.values())

    @property
    def restarts(self) -> int:
        """Containers and pods that were started again, and ranks where the report tells."""
        in_place = int(self.report.get("restarts", 0))
        return in_place + sum(role.restarts for role in self.roles.values())

    def to_dict(self) -> dict[str, Any]:
        """For JSON: every field, and `ready`, `total`, `restarts`."""
        return {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "phase": self.phase.value,
            "reason": self.reason,
            "component": self.component,
            "run_name": self.run_name,
            "version": self.version,
            "stack": self.stack,
            "queue": self.queue,
            "place": self.place.to_dict() if self.place else None,
            "roles": {name: role.to_dict() for name, role in self.roles.items()},
            "ready": self.ready,
            "total": self.total,
            "restarts": self.restarts,
            "started": self.started,
            "ended": self.ended,
            "elapsed": self.elapsed,
            "deadline": self.deadline,
            "progress": self.progress.to_dict() if self.progress else None,
            "report": dict(self.report),
            "result": self.result,
            "decks": None if self.decks is None else dict(self.decks),
        }


def status_of(look: Look, now: datetime, progress: Progress | None = None) -> RunStatus:
    """The state that a look shows, with the progress that was read beside it."""
    said, labels, metadata = verdict(look), look.labels, look.job["metadata"]
    phase = phase_of(look)
    started = look.status.get("startTime") or metadata.get("creationTimestamp")
    ended = _ended(look) if phase.ended else None
    return RunStatus(
        kind=look.job["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        phase=phase,
        reason=reason_of(look),
        component=labels.get(f"{PREFIX}kind"),
        run_name=labels.get(f"{PREFIX}run"),
        version=labels.get(f"{PREFIX}version"),
        stack=labels.get(f"{PREFIX}stack"),
        queue=labels.get(QUEUE),
        place=place_of(look),
        roles=roles_of(look),
        started=started,
        ended=ended,
        elapsed=_seconds(started, ended, now),
        deadline=look.policy.get("activeDeadlineSeconds"),
        progress=progress,
        report={key: said[key] for key in _REPORTED if key in said},
        result=said.get("result"),
        decks=decks(said),
    )


_REPORTED = ("duration", "nodes", "restarts", "world_size")


def _ended(look: Look) -> str | None:
    """The operator sets no completion time on some failures."""
    final = look.condition("Succeeded", "Complete", "Failed") or {}
    return look.status.get("completionTime") or final.get("lastTransitionTime")


def _seconds(started: str | None, ended: str | None, now: datetime) -> float:
    if started is None:
        return 0.0
    until = _moment(ended) if ended else now
    return max(0.0, round((until - _moment(started)).total_seconds(), 1))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
