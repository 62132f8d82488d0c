"""Kueue's configuration file."""

from __future__ import annotations

import json
from typing import Any

from .kueue_args import KueueArgs, QueuedKind

HEALTH_PORT = 8081
WEBHOOK_PORT = 9443
LEASE = "c1f6bfd2.kueue.x-k8s.io"
SECRET = "kueue-webhook-server-cert"
SERVICE = "kueue-webhook-service"
"""Name of the webhooks' Service; Kueue derives those of its webhook configurations from it."""
_FRAMEWORKS: dict[QueuedKind, str] = {
    "Job": "batch/job",
    "MPIJob": "kubeflow.org/mpijob",
    "PyTorchJob": "kubeflow.org/pytorchjob",
    "TFJob": "kubeflow.org/tfjob",
}
_GATES = {
    # A queue called "default" would take jobs that name none.
    "LocalQueueDefaulting": False,
    "MultiKueue": False,
    "VisibilityOnDemand": False,
}


def render_config(args: KueueArgs) -> str:
    """The file's text; JSON is YAML."""
    config: dict[str, Any] = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta1",
        "clientConnection": {"burst": args.burst, "qps": args.qps},
        "featureGates": _GATES,
        "health": {"healthProbeBindAddress": f":{HEALTH_PORT}"},
        "integrations": {"frameworks": [_FRAMEWORKS[kind] for kind in args.kinds]},
        "internalCertManagement": {
            "enable": True,
            "webhookSecretName": SECRET,
            "webhookServiceName": SERVICE,
        },
        "kind": "Configuration",
        "leaderElection": {"leaderElect": args.replicas > 1, "resourceName": LEASE},
        "manageJobsWithoutQueueName": False,
        "metrics": {"bindAddress": "0"},
        # They belong to whole nodes, which GPUs count already.
        "resources": {"excludeResourcePrefixes": ["hugepages-"]},
        "webhook": {"port": WEBHOOK_PORT},
    }
    if args.pods_ready_timeout is not None:
        config["waitForPodsReady"] = {
            "blockAdmission": True,
            "enable": True,
            "timeout": f"{args.pods_ready_timeout}s",
        }
    return json.dumps(config, indent=2)
