"""From arguments to the objects of a queue."""

from __future__ import annotations

from typing import Any

from ..spec.quantity import canonical
from .args import QueueArgs, QueuePool

Manifest = dict[str, Any]

_API = "kueue.x-k8s.io/v1beta1"


def render_queue(args: QueueArgs, name: str) -> dict[str, Manifest]:
    """All manifests by a short stable name, in the order of their needs."""
    rendered: dict[str, Manifest] = {}
    if args.topology:
        levels = [{"nodeLabel": label} for label in args.topology]
        rendered["topology"] = _made(args, "Topology", name, {"levels": levels})
    for pool in args.pools:
        if pool.flavor is None:
            flavor = _made(
                args, "ResourceFlavor", flavor_name(pool, name), _flavor(args, pool, name)
            )
            rendered[f"{pool.name}-flavor"] = flavor
    rendered["cluster-queue"] = _cluster_queue(args, name)
    for namespace in args.namespaces:
        queue = _made(args, "LocalQueue", name, {"clusterQueue": name})
        queue["metadata"]["namespace"] = namespace
        rendered[f"{namespace}-queue"] = queue
    return rendered


def flavor_name(pool: QueuePool, queue: str) -> str:
    """Name of the pool's ResourceFlavor."""
    return pool.flavor or f"{queue}-{pool.name}"


def _made(args: QueueArgs, kind: str, name: str, spec: Manifest) -> Manifest:
    labels = {**args.labels, "app.kubernetes.io/managed-by": "trainstack"}
    metadata: Manifest = {"labels": labels, "name": name}
    return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}


def _flavor(args: QueueArgs, pool: QueuePool, queue: str) -> Manifest:
    spec: Manifest = {}
    if pool.node_selector:
        spec["nodeLabels"] = dict(pool.node_selector)
    if pool.tolerations:
        spec["tolerations"] = [toleration.to_kube() for toleration in pool.tolerations]
    if args.topology:
        spec["topologyName"] = queue
    return spec


def _cluster_queue(args: QueueArgs, name: str) -> Manifest:
    spec: Manifest = {
        "namespaceSelector": {
            "matchExpressions": [
                {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "In",
                    "values": sorted(args.namespaces),
                }
            ]
        },
        "preemption": {
            "reclaimWithinCohort": args.reclaim,
            "withinClusterQueue": args.preemption,
        },
        "queueingStrategy": args.strategy,
        "resourceGroups": [_resource_group(args, name)],
        "stopPolicy": args.stop_policy,
    }
    if args.cohort is not None:
        spec["cohort"] = args.cohort
    queue = _made(args, "ClusterQueue", name, spec)
    if args.stop_policy == "None":
        queue["metadata"]["annotations"] = {"pulumi.com/waitFor": "condition=Active"}
    return queue


def _resource_group(args: QueueArgs, queue: str) -> Manifest:
    """One group of all resources: Kueue then takes all that a role asks for from one pool."""
    quotas = [pool.quota.to_kube() for pool in args.pools]
    covered = sorted(set().union(*quotas))
    return {
        "coveredResources": covered,
        "flavors": [
            {
                "name": flavor_name(pool, queue),
                "resources": [
                    {"name": name, "nominalQuota": canonical(quota.get(name, "0"))}
                    for name in covered
                ],
            }
            for pool, quota in zip(args.pools, quotas, strict=True)
        ],
    }
