"""Job objects and pods as an API server sends them, cut down to what waiting reads."""

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
    pod_label="training.kubeflow.org/job-name",
    container="pytorch",
    wait="finished",
)


def condition(
    type_: str, status: str = "True", reason: str = "", message: str = ""
) -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason, "message": message}


def job(kind: str, status: dict[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, "metadata": {"name": "run-v1"}}
    return found if status is None else {**found, "status": status}


def failed(reason: str = "", message: str = "", kind: str = PYTORCHJOB) -> dict[str, Any]:
    return job(kind, {"conditions": [condition("Failed", "True", reason, message)]})


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
        "metadata": {"name": name},
        "spec": {"containers": [container]},
        "status": {"containerStatuses": statuses, **status},
    }
