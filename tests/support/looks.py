"""Job objects and pods as an API server sends them, cut down to what is read of them."""

from __future__ import annotations

import json
from typing import Any

from trainstack.waiting.target import Target

JOB, MPIJOB, PYTORCHJOB = "Job", "MPIJob", "PyTorchJob"
TARGET = Target(
    kind=PYTORCHJOB,
    group="kubeflow.org",
    version="v1",
    namespace="team",
    name="run-v1",
    wait="finished",
)
_VERSIONS = {JOB: "batch/v1", MPIJOB: "kubeflow.org/v2beta1"}
_TEMPLATE = {"spec": {"containers": [{"name": "pytorch"}]}}


def condition(
    type_: str, status: str = "True", reason: str = "", message: str = ""
) -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason, "message": message}


def job(
    kind: str,
    status: dict[str, Any] | None = None,
    *,
    labels: dict[str, str] | None = None,
    replicas: dict[str, int] | None = None,
    **policy: Any,
) -> dict[str, Any]:
    """A job object; `policy` is what holds for the whole run."""
    spec: dict[str, Any] = {"template": _TEMPLATE, **policy}
    if kind != JOB:
        name = "mpiReplicaSpecs" if kind == MPIJOB else "pytorchReplicaSpecs"
        counts = replicas or {"Master": 1}
        roles = {role: {"replicas": count, "template": _TEMPLATE} for role, count in counts.items()}
        spec = {name: roles, "runPolicy": policy}
    found: dict[str, Any] = {
        "apiVersion": _VERSIONS.get(kind, "kubeflow.org/v1"),
        "kind": kind,
        "metadata": {"name": "run-v1", "namespace": "team", "labels": labels or {}},
        "spec": spec,
    }
    return found if status is None else {**found, "status": status}


def failed(reason: str = "", message: str = "", kind: str = PYTORCHJOB) -> dict[str, Any]:
    conditions = [condition("Failed", "True", reason, message)]
    return job(kind, {"conditions": conditions}, backoffLimit=3)


def report(status: str = "succeeded", **said: Any) -> str:
    """A termination message of the launch runtime."""
    return json.dumps({"status": status, "result": None, **said})


def ended(
    exit_code: int, message: str | None = None, *, at: str = "10:00", reason: str = ""
) -> dict[str, Any]:
    """The state of a container that ended."""
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason or ("Completed" if exit_code == 0 else "Error"),
            "message": message,
            "finishedAt": f"2026-01-01T{at}:00Z",
        }
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """The state of a container that has not started."""
    return {"waiting": {"reason": reason, "message": message}}


def pod(
    name: str,
    state: dict[str, Any] | None = None,
    *,
    statuses: list[dict[str, Any]] | None = None,
    limits: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """A pod of one training container."""
    image = "registry.example/train:1"
    if statuses is None:
        found = {"name": "pytorch", "image": image, "state": state or {"running": {}}}
        statuses = [{**found, "lastState": {}}]
    container: dict[str, Any] = {"name": "pytorch", "image": image}
    if limits:
        container["resources"] = {"limits": limits}
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"containers": [container]},
        "status": {"containerStatuses": statuses, **status},
    }


def worker(index: int, state: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """A worker's pod of the training-operator."""
    labels = {
        "training.kubeflow.org/replica-index": str(index),
        "training.kubeflow.org/replica-type": "worker",
    }
    return pod(f"run-v1-worker-{index}", state, labels=labels, **rest)


def store(state: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """The pod of an `ElasticJob`'s store."""
    labels = {
        "trainstack.dev/kind": "ElasticJob",
        "training.kubeflow.org/replica-index": "0",
        "training.kubeflow.org/replica-type": "master",
    }
    return pod("run-v1-master-0", state, labels=labels, **rest)


def launcher(state: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """The pod of an MPIJob's launcher."""
    labels = {"training.kubeflow.org/job-role": "launcher"}
    return pod("run-v1-launcher-x7k2p", state, labels=labels, **rest)


def event(reason: str, message: str, about: str = "run-v1") -> dict[str, Any]:
    """A warning."""
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": {"name": about},
        "lastTimestamp": "2026-01-01T10:00:00Z",
    }
