"""Karpenter's objects of a pool."""

from __future__ import annotations

from typing import Any

from ...spec.pool import PoolProfile
from ..efa import interfaces
from ..job_side import on_aws, pool_labels, pool_profile
from ..spelled import given
from .args import KarpenterGpuNodePoolArgs

_ROOT = {"al2023": "/dev/xvda", "bottlerocket": "/dev/xvdb"}
_GROUP = "karpenter.k8s.aws"


def render_profile(name: str, args: KarpenterGpuNodePoolArgs) -> PoolProfile:
    """What jobs are told.

    No huge pages: Karpenter makes no node for a pod that asks for some, as its provider for AWS
    (1.14.0, pkg/providers/instancetype/types.go) counts none of any machine.
    """
    env = {"env": {"FI_EFA_USE_HUGE_PAGE": "0"}} if args.has_rdma else {}
    return pool_profile(name, args, **on_aws(args), **env)


def render_node_class(name: str, args: KarpenterGpuNodePoolArgs) -> dict[str, Any]:
    """The EC2NodeClass: how EC2 makes a node."""
    ebs = {"deleteOnTermination": True, "volumeSize": f"{args.disk_gib}Gi", "volumeType": "gp3"}
    root = _ROOT[args.image.partition("@")[0]]
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": name},
        "spec": given(
            amiSelectorTerms=[{"alias": args.image}],
            blockDeviceMappings=[{"deviceName": root, "ebs": ebs}],
            capacityReservationSelectorTerms=None
            if args.reserved is None
            else [{"id": args.reserved}],
            instanceProfile=args.instance_profile,
            instanceStorePolicy=args.local_disks,
            metadataOptions={"httpPutResponseHopLimit": 2, "httpTokens": "required"},
            networkInterfaces=_network(args) if args.has_rdma else None,
            placementGroupSelector=None
            if args.placement_group is None
            else {"name": args.placement_group},
            role=args.node_role,
            securityGroupSelectorTerms=[{"id": group} for group in args.security_groups],
            subnetSelectorTerms=[{"id": subnet} for subnet in args.subnets],
            tags=args.tags or None,
        ),
    }


def render_node_pool(name: str, args: KarpenterGpuNodePoolArgs) -> dict[str, Any]:
    """The NodePool: which nodes there may be, and when they go."""
    wanted = {
        "karpenter.sh/capacity-type": [args.capacity_type],
        "kubernetes.io/arch": [args.hardware.arch],
        "node.kubernetes.io/instance-type": [args.hardware.machine],
        "topology.kubernetes.io/zone": args.zones,
    }
    node = given(
        expireAfter=args.expire_after,
        nodeClassRef={"group": _GROUP, "kind": "EC2NodeClass", "name": name},
        requirements=[
            {"key": key, "operator": "In", "values": values}
            for key, values in wanted.items()
            if values
        ],
        taints=[taint.to_kube() for taint in args.taints] or None,
        terminationGracePeriod=args.drain_at_most,
    )
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": given(
            disruption={
                "budgets": _budgets(args),
                "consolidateAfter": args.remove_empty_after,
                "consolidationPolicy": "WhenEmpty",
            },
            limits={
                "nodes": args.max_nodes,
                "nvidia.com/gpu": args.max_nodes * args.hardware.gpus,
            },
            template={"metadata": {"labels": pool_labels(name, args)}, "spec": node},
            weight=args.weight,
        ),
    }


def _budgets(args: KarpenterGpuNodePoolArgs) -> list[dict[str, Any]]:
    """How many nodes may go at once: all that are empty, and none or one that drifted."""
    return [
        {"nodes": "100%", "reasons": ["Empty"]},
        {"nodes": "1" if args.replace_drifted else "0", "reasons": ["Drifted"]},
        {"nodes": "0", "reasons": ["Underutilized"]},
    ]


def _network(args: KarpenterGpuNodePoolArgs) -> list[dict[str, Any]]:
    return [
        {"deviceIndex": one.device, "interfaceType": one.kind, "networkCardIndex": one.card}
        for one in interfaces(args.hardware)
    ]
