"""The AWS resources of a pool in EKS, as keyword arguments of `pulumi_aws`."""

from __future__ import annotations

import base64
from typing import Any

from ...spec.amounts import HUGE_PAGES
from ...spec.pool import PoolProfile
from ..efa import interfaces
from ..job_side import EFA, EFA_PAGES, on_aws, pool_labels, pool_profile
from ..spelled import given
from .args import EksGpuNodePoolArgs

_ROOT = {"AL2023": "/dev/xvda", "BOTTLEROCKET": "/dev/xvdb"}
"""Where the disk is that containers use."""
_WITHOUT_SPARE_NODES = {"max_unavailable": 1, "update_strategy": "MINIMAL"}
"""An update stops a node before it makes another, as there are no spare GPUs."""
_NODE_CONFIG = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--//--
"""


def render_profile(name: str, args: EksGpuNodePoolArgs) -> PoolProfile:
    """What jobs are told."""
    pages = {"huge_pages": EFA_PAGES} if args.has_rdma else {}
    return pool_profile(name, args, **on_aws(args), **pages)


def render_placement_group(args: EksGpuNodePoolArgs) -> dict[str, Any] | None:
    """The placement group, if the pool is to have one of its own."""
    if args.placement is None:
        return None
    return given(strategy=args.placement, tags=args.tags or None)


def render_launch_template(
    name: str, args: EksGpuNodePoolArgs, placement_group: Any = None
) -> dict[str, Any]:
    """The launch template; `placement_group` is the name of the pool's own."""
    group = args.placement_group if placement_group is None else placement_group
    tags = {"Name": name, **args.tags}
    disk = {"delete_on_termination": "true", "volume_size": args.disk_gib, "volume_type": "gp3"}
    root = _ROOT[args.image.partition("_")[0]]
    return given(
        block_device_mappings=[{"device_name": root, "ebs": disk}],
        capacity_reservation_specification=_capacity(args),
        instance_market_options=args.capacity_block and {"market_type": "capacity-block"},
        instance_type=args.hardware.machine,
        metadata_options={"http_put_response_hop_limit": 2, "http_tokens": "required"},
        network_interfaces=_network(args) if args.has_rdma else None,
        placement=group and {"group_name": group},
        tag_specifications=[
            {"resource_type": kind, "tags": tags} for kind in ("instance", "volume")
        ],
        tags=args.tags or None,
        update_default_version=True,
        user_data=args.local_disks and base64.b64encode(_NODE_CONFIG.encode()).decode(),
        vpc_security_group_ids=None if args.has_rdma else args.security_groups or None,
    )


def render_node_group(
    name: str, args: EksGpuNodePoolArgs, template_id: Any, template_version: Any
) -> dict[str, Any]:
    """The managed node group with that launch template."""
    capacity = "CAPACITY_BLOCK" if args.capacity_block is not None else None
    return given(
        ami_type=args.image,
        capacity_type=capacity or ("SPOT" if args.spot else "ON_DEMAND"),
        cluster_name=args.cluster_name,
        labels=pool_labels(name, args),
        launch_template={"id": template_id, "version": template_version},
        node_role_arn=args.node_role_arn,
        release_version=args.release_version,
        scaling_config={
            "desired_size": args.first_size,
            "max_size": args.max_nodes,
            "min_size": args.min_nodes,
        },
        subnet_ids=args.subnets,
        tags=args.tags or None,
        taints=[taint.to_cloud() for taint in args.taints] or None,
        update_config=_WITHOUT_SPARE_NODES,
        version=args.kubernetes_version,
    )


def render_template_tags(name: str, args: EksGpuNodePoolArgs) -> dict[str, str]:
    """What Cluster Autoscaler has to know of a node while the group has none."""
    if not args.scales:
        return {}
    gpu = {"nvidia.com/gpu": str(args.hardware.gpus)}
    efa = {EFA: str(args.hardware.fabric_cards), HUGE_PAGES: EFA_PAGES} if args.has_rdma else {}
    return {
        f"k8s.io/cluster-autoscaler/node-template/{kind}/{key}": value
        for kind, said in (
            ("label", pool_labels(name, args)),
            ("resources", {**efa, **gpu}),
            ("taint", {one.key: f"{one.value}:{one.effect}" for one in args.taints}),
        )
        for key, value in sorted(said.items())
    }


def _capacity(args: EksGpuNodePoolArgs) -> dict[str, Any] | None:
    if args.reserved is None:
        return None
    return {"capacity_reservation_target": {"capacity_reservation_id": args.reserved}}


def _network(args: EksGpuNodePoolArgs) -> list[dict[str, Any]]:
    return [
        {
            "delete_on_termination": "true",
            "device_index": one.device,
            "interface_type": one.kind,
            "network_card_index": one.card,
            "security_groups": args.security_groups,
        }
        for one in interfaces(args.hardware)
    ]
