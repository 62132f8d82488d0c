"""From what the cluster shows to the phase of a run."""

from __future__ import annotations

from enum import Enum

from .look import Look


class Phase(str, Enum):
    """How far a run is."""

    UNSEEN = "Unseen"
    """Stored, and no controller has taken it up."""
    SUSPENDED = "Suspended"
    """Held back, by its user or by a queue."""
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self in (Phase.SUCCEEDED, Phase.FAILED)


def phase_of(look: Look) -> Phase:
    """The phase of a Kubeflow job or of a batch Job."""
    judges = {"Job": _batch, "MPIJob": _mpi}
    phase = judges.get(look.job["kind"], _training)(look)
    return Phase.SUSPENDED if look.policy.get("suspend") and not phase.ended else phase


def _training(look: Look) -> Phase:
    if look.condition("Failed"):
        return Phase.FAILED
    if look.condition("Succeeded"):
        return Phase.SUCCEEDED
    if look.condition("Running"):
        return Phase.RUNNING
    return _not_running(look)


def _batch(look: Look) -> Phase:
    if look.condition("Failed"):
        return Phase.FAILED
    if look.condition("Complete"):
        return Phase.SUCCEEDED
    if look.status.get("ready"):
        return Phase.RUNNING
    return Phase.PENDING if look.status else Phase.UNSEEN


def _mpi(look: Look) -> Phase:
    """The phase of an MPIJob, whose launcher decides.

    The operator calls a job failed as soon as a worker is evicted, though its launcher goes on; it
    replaces no failed worker, and starts no launcher without all of them.
    """
    status = look.status
    if look.condition("Succeeded"):
        return Phase.SUCCEEDED
    launcher = (status.get("replicaStatuses") or {}).get("Launcher")
    worker_failed = any(pod.get("status", {}).get("phase") == "Failed" for pod in look.pods)
    hopeless = launcher is None and worker_failed
    if hopeless or (look.condition("Failed") and status.get("completionTime")):
        return Phase.FAILED
    if look.condition("Running") or (look.condition("Failed") and (launcher or {}).get("active")):
        return Phase.RUNNING
    return _not_running(look)


def _not_running(look: Look) -> Phase:
    return Phase.PENDING if look.status.get("conditions") else Phase.UNSEEN
