"""The training-operator's Deployment."""

from __future__ import annotations

from typing import Any

from .deployment import hardened, probe, seeing_certificate
from .training_args import TrainingOperatorArgs

Manifest = dict[str, Any]

WEBHOOK_PORT = 9443
HEALTH_PORT = 8081


def render_deployment(upstream: Manifest, args: TrainingOperatorArgs) -> Manifest:
    """The Deployment, without labels and namespace."""
    answered = f"/validate-kubeflow-org-v1-{args.kinds[-1].lower()}"
    return hardened(
        upstream,
        args,
        {
            "args": _flags(args),
            "lifecycle": seeing_certificate(),
            "readinessProbe": probe("/readyz", HEALTH_PORT, period=5),
            # The operator calls itself ready as soon as its webhook server listens. Kinds are
            # registered one after the other, and only a registered one answers with 200.
            "startupProbe": {
                **probe(answered, WEBHOOK_PORT, period=1, scheme="HTTPS"),
                "failureThreshold": 180,
            },
        },
    )


def _flags(args: TrainingOperatorArgs) -> list[str]:
    flags = [f"--enable-scheme={kind.lower()}" for kind in args.kinds]
    flags += [f"--kube-api-qps={args.qps}", f"--kube-api-burst={args.burst}"]
    if "PyTorchJob" in args.kinds:
        flags.append(f"--pytorch-init-container-image={args.init_container_image}")
    if args.watch_namespace:
        flags.append(f"--namespace={args.watch_namespace}")
    if args.gang_scheduler_name:
        flags.append(f"--gang-scheduler-name={args.gang_scheduler_name}")
    if args.replicas > 1:
        flags.append("--leader-elect")
    return flags
