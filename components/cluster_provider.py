"""The Kubernetes provider of a `Cluster`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from .spec.cluster import Cluster
from .spec.model import TrainstackError

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


def on_cluster(
    cluster: Cluster | None, opts: pulumi.ResourceOptions | None, where: str
) -> pulumi.ResourceOptions | None:
    """The options of a component that runs on `cluster`.

    Raises `TrainstackError` when the options name a Kubernetes provider of their own.
    """
    if cluster is None:
        return opts
    if opts is not None and any(given.package == "kubernetes" for given in _providers(opts)):
        raise TrainstackError(
            f"{where}: cluster: got {cluster!r} and a Kubernetes provider in the resource options; "
            "give one of them"
        )
    return pulumi.ResourceOptions.merge(
        opts, pulumi.ResourceOptions(providers=[provider_for(cluster)])
    )


def cluster_to_read(
    resource: pulumi.Resource, cluster: Cluster | None, need: str, where: str
) -> Cluster:
    """The cluster of a resource, for those who read it by themselves: `cluster`, or the current.

    `need` says what for, in an error. Raises `TrainstackError` when it cannot be told, since a
    provider is asked for nothing, and credentials stay in the kubeconfig file.
    """
    if cluster is not None:
        return cluster
    if resource.get_provider("kubernetes:core/v1:Pod") is not None:
        raise TrainstackError(
            f"{where}: {need} with a provider in the resource options, which cannot be asked for "
            "its cluster; give cluster=Cluster(kubeconfig=…, context=…)"
        )
    config = pulumi.Config("kubernetes")
    kubeconfig = config.get("kubeconfig")
    if kubeconfig is not None and not Path(kubeconfig).expanduser().is_file():
        raise TrainstackError(
            f"{where}: {need}, but kubernetes:kubeconfig is not the path of a file; give "
            "cluster=Cluster(kubeconfig=…)"
        )
    return Cluster(kubeconfig=kubeconfig, context=config.get("context"))


def _providers(opts: pulumi.ResourceOptions) -> list[pulumi.ProviderResource]:
    several = opts.providers or []
    listed = several.values() if isinstance(several, Mapping) else several
    return [*listed, *([opts.provider] if opts.provider is not None else [])]


def _name(cluster: Cluster) -> str:
    """A name for each pair of file and context; a file's path is too long to show."""
    said = re.sub(r"[^A-Za-z0-9]+", "-", cluster.context or "current").strip("-").lower()
    if cluster.kubeconfig is None:
        return f"cluster-{said}"
    return f"cluster-{said}-{hashlib.sha256(cluster.kubeconfig.encode()).hexdigest()[:6]}"
