"""From what the cluster shows to the phase of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

_IMAGE_REASONS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)


class Phase(Enum):
    """How far a run is."""

    UNSEEN = "Unseen"
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True)
class Look:
    """The job object and its pods at one moment, as the API server sent them."""

    job: dict[str, Any]
    pods: list[dict[str, Any]]

    def condition(self, *types: str) -> dict[str, Any] | None:
        """The first condition of one of these types that is true."""
        conditions = self.job.get("status", {}).get("conditions") or []
        return next(
            (item for item in conditions if item["type"] in types and item["status"] == "True"),
            None,
        )

    def image_trouble(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Pods, with the container status, that cannot get or make their container."""
        return [
            (pod, status)
            for pod in self.pods
            for status in container_statuses(pod)
            if status.get("state", {}).get("waiting", {}).get("reason") in _IMAGE_REASONS
        ]


def container_statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Statuses of init containers and containers."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def judge(look: Look) -> Phase:
    """The phase of a Kubeflow job or of a batch Job."""
    judges = {"Job": _judge_batch, "MPIJob": _judge_mpi}
    return judges.get(look.job["kind"], _judge_training)(look)


def _judge_training(look: Look) -> Phase:
    if look.condition("Failed"):
        return Phase.FAILED
    if look.condition("Succeeded"):
        return Phase.SUCCEEDED
    if look.condition("Running"):
        return Phase.RUNNING
    return _not_running(look)


def _judge_batch(look: Look) -> Phase:
    if look.condition("Failed"):
        return Phase.FAILED
    if look.condition("Complete"):
        return Phase.SUCCEEDED
    status = look.job.get("status") or {}
    if status.get("ready"):
        return Phase.RUNNING
    return Phase.PENDING if status else Phase.UNSEEN


def _judge_mpi(look: Look) -> Phase:
    """The phase of an MPIJob, whose launcher decides.

    The operator calls a job failed as soon as a worker is evicted, though its launcher goes on; it
    replaces no failed worker, and starts no launcher without all of them.
    """
    status = look.job.get("status") or {}
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
    status = look.job.get("status") or {}
    return Phase.PENDING if status.get("conditions") else Phase.UNSEEN
