"""The pods of a run by what they do in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from ..spec.pod import roles as specs
from ..spec.run import PREFIX
from .look import Look, container_statuses, pod_condition

LABELS = ("training.kubeflow.org/replica-type", "training.kubeflow.org/job-role")
INDEX = "training.kubeflow.org/replica-index"
POD = "pod"
"""The only role of a batch Job."""
_DECIDING = ("store", "launcher")


@dataclass(frozen=True)
class Role:
    """How the pods of one role are."""

    ready: int
    total: int
    restarts: int
    """Containers started again in their pods, and pods made again that are still there."""

    def to_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)


def role_of(pod: dict[str, Any]) -> str:
    """What a pod does: `master`, `worker`, `launcher`, …; `store` for an `ElasticJob`'s master."""
    labels = pod["metadata"].get("labels") or {}
    role = next((labels[label] for label in LABELS if label in labels), POD)
    elastic = labels.get(f"{PREFIX}kind") == "ElasticJob"
    return "store" if elastic and role == "master" else role


def decides(pod: dict[str, Any]) -> bool:
    """Whether a pod trains nothing and tells what happened to those that do."""
    return role_of(pod) in _DECIDING


def roles_of(look: Look) -> dict[str, Role]:
    """Every role of the job, in the order of its spec."""
    pods: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for pod in look.pods:
        pods[role_of(pod)].append(pod)
    elastic = look.labels.get(f"{PREFIX}kind") == "ElasticJob"
    found = {}
    for name, spec in specs(look.job).items() if look.job.get("spec") else ():
        role = POD if look.job["kind"] == "Job" else name.lower()
        role = "store" if elastic and role == "master" else role
        found[role] = _role(pods[role], int(spec.get("replicas", 1)))
    return found


def rank_zero_pods(look: Look) -> list[dict[str, Any]]:
    """The pods in one of which rank 0 prints, the likeliest first.

    The nodes of an elastic run are numbered by the texts of their addresses.
    """
    kind = look.job["kind"]
    by_age = sorted(look.pods, key=lambda pod: pod["metadata"].get("creationTimestamp", ""))
    if kind == "Job":
        return by_age[::-1][:1]
    if kind == "MPIJob":
        return [pod for pod in by_age[::-1] if role_of(pod) == "launcher"][:1]
    if "elasticPolicy" in look.job["spec"]:
        workers = [pod for pod in look.pods if role_of(pod) == "worker"]
        return sorted(workers, key=lambda pod: pod.get("status", {}).get("podIP") or "~")[:4]
    first = ("chief", "master", "worker")
    zeros = [pod for pod in look.pods if pod["metadata"].get("labels", {}).get(INDEX) == "0"]
    ordered = [pod for role in first for pod in zeros if role_of(pod) == role]
    return ordered[:1]


def _role(pods: list[dict[str, Any]], total: int) -> Role:
    restarts = sum(
        status.get("restartCount", 0) for pod in pods for status in container_statuses(pod)
    )
    return Role(
        ready=sum(pod_condition(pod, "Ready").get("status") == "True" for pod in pods),
        total=total,
        restarts=restarts + max(0, len(pods) - total),
    )
