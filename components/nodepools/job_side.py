"""What a pool's jobs are told of it: its profile."""

from __future__ import annotations

from typing import Any

from ..spec.pool import PoolProfile
from .gpu_pool_args import GpuPoolArgs
from .rules.taints import OURS

STAY = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""Annotations that keep autoscalers from taking a pod's node."""
EFA, EFA_PAGES = "vpc.amazonaws.com/efa", "5120Mi"
POOL_LABEL = f"{OURS}pool"


def pool_labels(name: str, args: GpuPoolArgs) -> dict[str, str]:
    """Labels of the pool's nodes; the first tells them from all others."""
    return {POOL_LABEL: name, **args.labels}


def pool_profile(name: str, args: GpuPoolArgs, **more: Any) -> PoolProfile:
    """The profile of a pool, with what only its cloud knows."""
    known = args.hardware
    return PoolProfile(
        name=name,
        machine=known.machine,
        arch=known.arch,
        gpus=known.gpus,
        cpu=known.vcpus,
        memory=f"{known.memory_gib}Gi",
        max_nodes=args.max_nodes,
        price_per_hour=args.node_price,
        node_selector={POOL_LABEL: name},
        tolerations=[taint.toleration for taint in args.taints],
        annotations=STAY,
        **more,
    )


def on_aws(args: GpuPoolArgs) -> dict[str, Any]:
    """What pods get of EFA, and where AWS says that nodes are near each other."""
    if not args.has_rdma:
        return {}
    return {
        "devices": {EFA: args.hardware.fabric_cards},
        "topology_key": "topology.k8s.aws/network-node-layer-3",
    }
