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
    """The phase of a training-operator job or of a batch Job."""
    if look.condition("Failed"):
        return Phase.FAILED
    if look.condition("Succeeded", "Complete"):
        return Phase.SUCCEEDED
    status = look.job.get("status") or {}
    if look.job["kind"] == "Job":
        if status.get("ready"):
            return Phase.RUNNING
        return Phase.PENDING if status else Phase.UNSEEN
    if look.condition("Running"):
        return Phase.RUNNING
    return Phase.PENDING if status.get("conditions") else Phase.UNSEEN
