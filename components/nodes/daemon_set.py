"""A DaemonSet on the nodes of some pools."""

from __future__ import annotations

from typing import Any

from ..spec.resources import requirements
from .args import NodeAgentArgs
from .placement import affinity, tolerations

Manifest = dict[str, Any]


def metadata(args: NodeAgentArgs, name: str, program: str) -> Manifest:
    """Name, namespace and labels of every object."""
    labels = {
        **args.labels,
        **selector(name, program),
        "app.kubernetes.io/managed-by": "trainstack",
    }
    return {"labels": labels, "name": name, "namespace": args.namespace}


def selector(name: str, program: str) -> dict[str, str]:
    """Labels by which its pods are found."""
    return {"app.kubernetes.io/instance": name, "app.kubernetes.io/name": program}


def daemon_set(
    args: NodeAgentArgs,
    name: str,
    program: str,
    container: Manifest,
    volumes: dict[str, str],
    **pod: Any,
) -> Manifest:
    """The DaemonSet of one container.

    `volumes` are folders of the node by the name of their volume, `pod` is what else its pods say.
    """
    resources = requirements(args.requests, args.limits)
    pull = [{"name": secret} for secret in args.image_pull_secrets]
    own = metadata(args, name, program)
    spec = {
        **pod,
        **({"imagePullSecrets": pull} if pull else {}),
        "affinity": affinity(args.pools),
        "containers": [
            {
                **container,
                **({"resources": resources} if resources else {}),
                "image": args.image,
                "name": program,
            }
        ],
        # Its pods come before all others, which need what they offer.
        "priorityClassName": "system-node-critical",
        "volumes": [{"hostPath": {"path": path}, "name": key} for key, path in volumes.items()],
    }
    if tolerated := tolerations(args.pools):
        spec["tolerations"] = tolerated
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": own,
        "spec": {
            "selector": {"matchLabels": selector(name, program)},
            "template": {"metadata": {"labels": own["labels"]}, "spec": spec},
            "updateStrategy": {"type": "RollingUpdate"},
        },
    }
