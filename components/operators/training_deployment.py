"""The training-operator's Deployment: upstream's, hardened and told what to run."""

from __future__ import annotations

import copy
from typing import Any

from ..spec.resources import requirements
from .release import Release
from .training_args import TrainingOperatorArgs

Manifest = dict[str, Any]

NOBODY = 65532
WEBHOOK_PORT = 9443
HEALTH_PORT = 8081
CERTIFICATE_SECONDS = 3
"""How long after its start the operator has surely written a new certificate."""
SETTLE_SECONDS = 2
"""How long after a pod is ready the cluster's proxies surely know its address."""


def render_deployment(upstream: Manifest, args: TrainingOperatorArgs, release: Release) -> Manifest:
    """The Deployment, without labels and namespace."""
    deployment = copy.deepcopy(upstream)
    spec = deployment["spec"]
    spec["replicas"] = args.replicas
    spec["minReadySeconds"] = SETTLE_SECONDS
    spec["strategy"] = _strategy(args.replicas)
    pod = spec["template"]["spec"]
    pod.update(_pod(args))
    container = pod["containers"][0]
    container.update(_container(container, args, release))
    return deployment


def _strategy(replicas: int) -> Manifest:
    """Two operators that have not elected a leader would both answer for a job."""
    if replicas == 1:
        return {"type": "Recreate"}
    # Said outright, as a default of the server's would stay behind when one replica is left.
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def _pod(args: TrainingOperatorArgs) -> Manifest:
    said = {
        "imagePullSecrets": [{"name": name} for name in args.image_pull_secrets],
        "nodeSelector": args.node_selector,
        "priorityClassName": args.priority_class,
        "securityContext": {
            "runAsGroup": NOBODY,
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "tolerations": [toleration.to_kube() for toleration in args.tolerations],
    }
    return {key: value for key, value in said.items() if value}


def _container(upstream: Manifest, args: TrainingOperatorArgs, release: Release) -> Manifest:
    last = args.kinds[-1].lower()
    return {
        "args": _flags(args),
        "image": args.image or f"{upstream['image']}:{release.image_tag}",
        "imagePullPolicy": args.image_pull_policy,
        # A kubelet brings a changed Secret into a running pod only once a minute, but also when a
        # container has started. This puts that moment after the first certificate's writing.
        "lifecycle": {"postStart": {"sleep": {"seconds": CERTIFICATE_SECONDS}}},
        "readinessProbe": _probe("/readyz", HEALTH_PORT, period=5),
        "resources": requirements(args.requests, args.limits),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        # The operator calls itself ready as soon as its webhook server listens. Kinds are
        # registered one after the other, and only a registered one answers with 200.
        "startupProbe": {
            **_probe(f"/validate-kubeflow-org-v1-{last}", WEBHOOK_PORT, period=1),
            "failureThreshold": 180,
        },
    }


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


def _probe(path: str, port: int, period: int) -> Manifest:
    get: Manifest = {"path": path, "port": port}
    if port == WEBHOOK_PORT:
        get["scheme"] = "HTTPS"
    return {"httpGet": get, "periodSeconds": period, "timeoutSeconds": 3}
