"""The agent pool of a pool in AKS, as keyword arguments of `pulumi_azure_native`."""

from __future__ import annotations

from typing import Any

from ...spec.pool import PoolProfile
from ...spec.toleration import Toleration
from ..job_side import pool_labels, pool_profile
from ..spelled import given
from .args import AksGpuNodePoolArgs

_ON_DEMAND = -1
"""The price at most that follows the price on demand."""
_WITHOUT_SPARE_NODES = {"max_surge": "0", "max_unavailable": "1"}
"""An upgrade stops a node before it makes another, as there are no spare GPUs."""


def render_profile(name: str, args: AksGpuNodePoolArgs) -> PoolProfile:
    """What jobs are told; of spot nodes also the taint that AKS adds."""
    cards = {args.rdma_device: args.hardware.fabric_cards} if args.has_rdma else {}
    found = pool_profile(name, args, devices=cards)
    if not args.spot:
        return found
    added = Toleration(
        key="kubernetes.azure.com/scalesetpriority", operator="Exists", effect="NoSchedule"
    )
    return PoolProfile(**{**found.to_dict(), "tolerations": [*found.tolerations, added]})


def render_agent_pool(name: str, args: AksGpuNodePoolArgs) -> dict[str, Any]:
    """The agent pool."""
    spot: dict[str, Any] = {}
    if args.spot:
        spot = {
            "scale_set_eviction_policy": args.eviction or "Delete",
            "scale_set_priority": "Spot",
            "spot_max_price": args.spot_max_price or _ON_DEMAND,
        }
    return given(
        agent_pool_name=args.pool_name,
        availability_zones=args.zones or None,
        capacity_reservation_group_id=args.capacity_reservation,
        count=args.first_size,
        enable_auto_scaling=args.scales,
        gpu_profile={"driver": args.driver},
        max_count=args.max_nodes if args.scales else None,
        min_count=args.min_nodes if args.scales else None,
        mode="User",
        node_labels=pool_labels(name, args),
        node_taints=[str(taint) for taint in args.taints] or None,
        orchestrator_version=args.kubernetes_version,
        os_disk_size_gb=args.disk_gib,
        os_disk_type=args.disk_type,
        os_sku=args.image_type,
        os_type="Linux",
        proximity_placement_group_id=args.placement,
        resource_group_name=args.resource_group,
        resource_name_=args.cluster_name,
        tags=args.tags or None,
        type="VirtualMachineScaleSets",
        upgrade_settings=_WITHOUT_SPARE_NODES,
        vm_size=args.hardware.machine,
        vnet_subnet_id=args.subnet,
        **spot,
    )
