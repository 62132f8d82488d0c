"""Shell commands that show or stop a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .spec.inputs import mapped


def commands(manifest: Mapping[str, Any]) -> Any:
    """Shell commands by purpose: `logs`, `events`, `stop`."""

    def spelled(parts: Any) -> dict[str, str]:
        name, namespace = parts
        kubectl = f"kubectl --namespace {namespace}"
        return {
            "events": f"{kubectl} events --for {manifest['kind'].lower()}/{name}",
            "logs": f"{kubectl} logs --prefix --tail=-1 --selector {pod_selector(manifest)}={name}",
            "stop": f"{kubectl} delete {manifest['kind'].lower()} {name}",
        }

    metadata = manifest["metadata"]
    return mapped([metadata["name"], metadata["namespace"]], spelled)


def pod_selector(manifest: Mapping[str, Any]) -> str:
    """The label by which the controller marks a job's pods with the job's name."""
    if manifest["apiVersion"] == "batch/v1":
        return "batch.kubernetes.io/job-name"
    return "training.kubeflow.org/job-name"
