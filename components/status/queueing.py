"""What a run that a queue holds back waits for, and behind how many others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..spec.queue import QUEUE
from .look import Look, true_condition
from .phase import Phase, phase_of

_RESERVED, _FINISHED = "QuotaReserved", "Finished"


@dataclass(frozen=True)
class Place:
    """Of a run among those of its namespace that wait in the same queue."""

    at: int
    """1 is the next."""
    of: int

    def __str__(self) -> str:
        return f"{self.at} of {self.of}"

    def to_dict(self) -> dict[str, int]:
        """For JSON."""
        return {"at": self.at, "of": self.of}


def queued(look: Look) -> bool:
    """Whether a queue holds the run back."""
    return QUEUE in look.labels and phase_of(look) is Phase.SUSPENDED


def place_of(look: Look) -> Place | None:
    """The run's place by priority and age; None for one that does not wait for quota."""
    own = _own(look)
    if own is None or not queued(look) or not _waits(own):
        return None
    line = sorted(
        (one for one in look.workloads if _waits(one) and _queue(one) == _queue(own)),
        key=_turn,
    )
    return Place(line.index(own) + 1, len(line))


def held_by(look: Look) -> str | None:
    """In one line what the queue says of the run; None when it has said nothing yet."""
    own = _own(look)
    if own is None or not queued(look):
        return None
    if own["spec"].get("active") is False:
        return "its workload is deactivated: Kueue will not start it"
    status = own.get("status") or {}
    known = {item["type"]: item for item in status.get("conditions") or []}
    waits = known.get("Admitted" if true_condition(status, _RESERVED) else _RESERVED)
    why = waits["message"] if waits and waits["status"] == "False" else None
    evicted = true_condition(status, "Evicted")
    return f"{evicted['reason']}; {why}" if evicted and why else why


def _own(look: Look) -> dict[str, Any] | None:
    """The Workload that Kueue has made of the job."""
    job = look.job
    for workload in look.workloads:
        for owner in workload["metadata"].get("ownerReferences") or ():
            if (owner["kind"], owner["name"]) == (job["kind"], look.name):
                return workload
    return None


def _queue(workload: dict[str, Any]) -> Any:
    return workload["spec"].get("queueName")


def _waits(workload: dict[str, Any]) -> bool:
    """Whether it is in line for quota."""
    status = workload.get("status") or {}
    done = any(true_condition(status, type_) for type_ in (_RESERVED, _FINISHED))
    return not done and workload["spec"].get("active") is not False


def _turn(workload: dict[str, Any]) -> tuple[int, str, str]:
    metadata = workload["metadata"]
    priority = workload["spec"].get("priority") or 0
    return (-priority, metadata.get("creationTimestamp") or "", metadata["name"])
