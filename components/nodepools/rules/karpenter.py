"""What Karpenter and EC2 refuse late, or what would end runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .aws import EFA_GUIDE, sold_as_block
from .rule import Rule
from .taints import has_prefix

if TYPE_CHECKING:
    from ..karpenter.args import KarpenterGpuNodePoolArgs

_CONCEPTS = "https://karpenter.sh/docs/concepts"
_CLASSES = f"{_CONCEPTS}/nodeclasses/"
_POOLS = f"{_CONCEPTS}/nodepools/"
_DISRUPTION = f"{_CONCEPTS}/disruption/"
_PLACEMENT = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html"


def _zones(args: KarpenterGpuNodePoolArgs) -> int:
    """In how many zones nodes may be, at most."""
    return len(args.zones) if args.zones else len(args.subnets)


KARPENTER_RULES: tuple[Rule[KarpenterGpuNodePoolArgs], ...] = (
    Rule(
        name="karpenter-role-or-profile",
        field="node_role",
        broken_by=lambda args: (args.node_role is None) == (args.instance_profile is None),
        reason="a node class has either a role or an instance profile",
        remedy="give exactly one of node_role and instance_profile",
        source=_CLASSES,
    ),
    Rule(
        name="karpenter-latest-image",
        field="image",
        broken_by=lambda args: args.image.endswith("@latest"),
        reason="with each release of it all nodes drift, and are replaced under their jobs",
        remedy="name a version",
        source=_CLASSES,
    ),
    Rule(
        name="karpenter-reservation-with-spot",
        field="spot",
        broken_by=lambda args: args.spot and args.capacity_type == "reserved",
        reason="spot nodes use no reservation",
        remedy="leave it out, or make a pool of each with another weight",
        source=_POOLS,
    ),
    Rule(
        name="karpenter-block-and-reservation",
        field="capacity_reservation",
        broken_by=lambda args: (
            args.capacity_block is not None and args.capacity_reservation is not None
        ),
        reason="a pool has one price, and those of a block and of a reservation differ",
        remedy="make a pool of each with another weight",
        source=_CLASSES,
    ),
    Rule(
        name="karpenter-block-of-other-machine",
        field="capacity_block",
        broken_by=lambda args: args.capacity_block is not None and not sold_as_block(args.hardware),
        reason="the machine is not sold in Capacity Blocks",
        remedy="choose one of p4d, p4de, p5, p5e, p5en, p6, or use capacity_reservation",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-blocks-using.html",
    ),
    Rule(
        name="karpenter-block-in-placement-group",
        field="placement_group",
        broken_by=lambda args: args.placement_group is not None and args.capacity_block is not None,
        reason="Capacity Blocks are near each other already and in no group",
        remedy="leave it out",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html",
    ),
    Rule(
        name="karpenter-block-across-zones",
        field="zones",
        broken_by=lambda args: args.capacity_block is not None and len(args.zones) > 1,
        reason="a Capacity Block is in one zone",
        remedy="name the block's zone",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html",
    ),
    Rule(
        name="karpenter-placement-across-zones",
        field="zones",
        broken_by=lambda args: args.placement_group is not None and _zones(args) > 1,
        reason="a cluster placement group is in one zone",
        remedy="name one zone, or one subnet",
        source=_PLACEMENT,
    ),
    Rule(
        name="karpenter-efa-across-zones",
        field="zones",
        broken_by=lambda args: args.has_rdma and _zones(args) > 1,
        reason="EFA traffic does not leave its zone",
        remedy="name one zone, or one subnet, or rdma=False",
        source=EFA_GUIDE,
    ),
    Rule(
        name="karpenter-expiry-without-end",
        field="expire_after",
        broken_by=lambda args: args.expire_after != "Never" and args.drain_at_most is None,
        reason="pods of jobs may not be evicted, so that an expired node would be drained half, "
        "and cost, for ever",
        remedy="say drain_at_most too, or leave it out",
        source=_DISRUPTION,
    ),
    Rule(
        name="karpenter-restricted-tag",
        field="tags",
        broken_by=lambda args: any(
            re.fullmatch(r"kubernetes\.io/cluster/.*|karpenter\.sh/.*|eks:eks-cluster-name", key)
            for key in args.tags
        ),
        reason="tags of Karpenter itself tell its nodes from others",
        remedy="use other keys",
        source=_CLASSES,
    ),
    Rule(
        name="karpenter-restricted-label",
        field="labels",
        broken_by=lambda args: has_prefix(
            args, "karpenter.sh", "karpenter.k8s.aws", "kubernetes.io", "k8s.io"
        ),
        reason="labels under karpenter.sh, karpenter.k8s.aws, kubernetes.io and k8s.io are "
        "Karpenter's or Kubernetes' own",
        remedy="use another prefix",
        source="https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/apis/v1/labels.go",
    ),
)
