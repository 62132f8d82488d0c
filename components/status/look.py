"""What the cluster shows of a run at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..spec.pod import templates


@dataclass(frozen=True)
class Look:
    """The job object, its pods, and what is said about them, as the API server sent it."""

    job: dict[str, Any]
    pods: list[dict[str, Any]]
    warnings: list[dict[str, Any]] = field(default_factory=list)
    """Events of type `Warning`, the newest last."""
    workloads: list[dict[str, Any]] = field(default_factory=list)
    """Of a run that a queue holds back: what Kueue has made of the jobs in its namespace."""

    @property
    def name(self) -> str:
        """The job object's name."""
        return str(self.job["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """The job object's labels."""
        return self.job["metadata"].get("labels") or {}

    @property
    def status(self) -> dict[str, Any]:
        """The job object's status; empty before a controller has seen it."""
        return self.job.get("status") or {}

    @property
    def policy(self) -> dict[str, Any]:
        """What holds for the whole run: deadline, suspension."""
        spec = self.job.get("spec") or {}
        return spec if self.job["kind"] == "Job" else spec.get("runPolicy") or {}

    def condition(self, *types: str) -> dict[str, Any] | None:
        """The first condition of one of these types that is true."""
        return true_condition(self.status, *types)

    @property
    def containers(self) -> set[str]:
        """Names of the containers that train."""
        found = templates(self.job) if self.job.get("spec") else []
        return {str(template["spec"]["containers"][0]["name"]) for template in found}

    def training_statuses(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Each pod with the status of its training container."""
        names = self.containers
        for pod in self.pods:
            for status in container_statuses(pod):
                if status["name"] in names:
                    yield pod, status


def true_condition(status: Mapping[str, Any], *types: str) -> dict[str, Any] | None:
    """The first condition in a status of one of these types that is true."""
    return next(
        (
            item
            for item in status.get("conditions") or []
            if item["type"] in types and item["status"] == "True"
        ),
        None,
    )


def container_statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Statuses of init containers and containers."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def last_seen(event: Mapping[str, Any]) -> str:
    """When an event was last seen, as RFC 3339; empty when it does not say."""
    times = (event.get("lastTimestamp"), event.get("eventTime"), event.get("firstTimestamp"))
    return str(next((time for time in times if time), ""))


def pod_condition(pod: dict[str, Any], type_: str) -> dict[str, Any]:
    """A condition of a pod; empty when it has none of this type."""
    conditions = pod.get("status", {}).get("conditions") or []
    return next((item for item in conditions if item["type"] == type_), {})
