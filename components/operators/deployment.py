"""An operator's Deployment: upstream's, hardened and told where to run."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..spec.resources import requirements
from .args import OperatorArgs

Manifest = dict[str, Any]

NOBODY = 65532
SETTLE_SECONDS = 2
"""How long after a pod is ready the cluster's proxies surely know its address."""
CERTIFICATE_SECONDS = 3
"""How long after its start an operator has surely written a new certificate."""


def hardened(
    upstream: Mapping[str, Any], args: OperatorArgs, container: Mapping[str, Any]
) -> Manifest:
    """The Deployment without labels and namespace; `container` is the operator's own part."""
    deployment = copy.deepcopy(dict(upstream))
    spec = deployment["spec"]
    spec["replicas"] = args.replicas
    spec["minReadySeconds"] = SETTLE_SECONDS
    spec["strategy"] = _strategy(args.replicas)
    pod = spec["template"]["spec"]
    pod.update(_pod(args))
    pod["containers"][0].update(_container(pod["containers"][0], args), **container)
    return deployment


def seeing_certificate() -> Manifest:
    """The lifecycle of a container that mounts the certificate which its operator writes.

    A kubelet brings a changed Secret into a running pod only once a minute, but also when a
    container has started: after the first certificate's writing, that is.
    """
    return {"postStart": {"sleep": {"seconds": CERTIFICATE_SECONDS}}}


def probe(path: str, port: int, period: int, **more: Any) -> Manifest:
    """An HTTP probe."""
    return {
        "httpGet": {"path": path, "port": port, **more},
        "periodSeconds": period,
        "timeoutSeconds": 3,
    }


def _strategy(replicas: int) -> Manifest:
    """Two operators that have not elected a leader would both answer for a job."""
    if replicas == 1:
        return {"type": "Recreate"}
    # Said outright, as a default of the server's would stay behind when one replica is left.
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def _pod(args: OperatorArgs) -> Manifest:
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


def _container(upstream: Mapping[str, Any], args: OperatorArgs) -> Manifest:
    repository = upstream["image"].removesuffix(":latest")
    return {
        "image": args.image or f"{repository}:{args.release.image_tag}",
        "imagePullPolicy": args.image_pull_policy,
        "resources": requirements(args.requests, args.limits),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
