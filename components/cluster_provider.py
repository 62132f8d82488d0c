"""The Kubernetes provider of a `Cluster`."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from .spec.cluster import Cluster

_made: WeakKeyDictionary[pulumi.Resource, dict[Cluster, pulumi.ProviderResource]] = (
    WeakKeyDictionary()
)


def provider_for(cluster: Cluster) -> pulumi.ProviderResource:
    """The one provider that a stack has for `cluster`, made when first asked for."""
    root = get_root_resource()
    if root is None:
        raise pulumi.RunError("cluster: only within a Pulumi program")
    known = _made.setdefault(root, {})
    if cluster not in known:
        known[cluster] = pulumi.ProviderResource(
            "kubernetes",
            _name(cluster),
            {"kubeconfig": cluster.config_file, "context": cluster.context},
            pulumi.ResourceOptions(parent=root),
        )
    return known[cluster]


def _name(cluster: Cluster) -> str:
    said = cluster.context or cluster.kubeconfig or "default"
    return "cluster-" + re.sub(r"[^A-Za-z0-9]+", "-", said).strip("-").lower()
