"""What EC2 and EKS refuse late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .aws import EFA_GUIDE, sold_as_block
from .rule import Rule
from .taints import has_prefix

if TYPE_CHECKING:
    from ..eks.args import EksGpuNodePoolArgs

_BLOCKS = "https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html"
_EC2_BLOCKS = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-blocks-using.html"
_RESERVATIONS = (
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-using.html"
)
_PLACEMENT = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html"
_GROUP_AND_RESERVATION = "https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3730"
_TEMPLATES = "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html"
_NODEGROUP = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html"
_TAINTS = "https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html"
_NODEADM = "https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/"


def _arch_of(args: EksGpuNodePoolArgs) -> str:
    return "arm64" if "ARM_64" in args.image else "amd64"


EKS_RULES: tuple[Rule[EksGpuNodePoolArgs], ...] = (
    Rule(
        name="eks-reservation-with-spot",
        field="spot",
        broken_by=lambda args: args.spot and args.capacity_reservation is not None,
        reason="spot nodes cannot use a Capacity Reservation",
        remedy="leave out spot or capacity_reservation",
        source=_RESERVATIONS,
    ),
    Rule(
        name="eks-block-with-spot",
        field="spot",
        broken_by=lambda args: args.spot and args.capacity_block is not None,
        reason="a node group is either spot or of a Capacity Block (capacityType)",
        remedy="leave out spot or capacity_block",
        source=_BLOCKS,
    ),
    Rule(
        name="eks-block-and-reservation",
        field="capacity_reservation",
        broken_by=lambda args: (
            args.capacity_block is not None and args.capacity_reservation is not None
        ),
        reason="a launch template has one target, and capacity_block is one",
        remedy="make a pool for each",
        source=_BLOCKS,
    ),
    Rule(
        name="eks-block-with-several-subnets",
        field="subnets",
        broken_by=lambda args: args.capacity_block is not None and len(args.subnets) > 1,
        reason="a Capacity Block is in one zone",
        remedy="name the subnet in the zone of the block",
        source=_BLOCKS,
    ),
    Rule(
        name="eks-block-with-least-size",
        field="min_nodes",
        broken_by=lambda args: args.capacity_block is not None and args.min_nodes > 0,
        reason="outside of the time of a Capacity Block there are no nodes, and an upgrade of the "
        "group then takes a size of 0",
        remedy="leave it 0 and let size, a schedule or the jobs' pods ask for nodes",
        source=_BLOCKS,
    ),
    Rule(
        name="eks-block-of-other-machine",
        field="capacity_block",
        broken_by=lambda args: args.capacity_block is not None and not sold_as_block(args.hardware),
        reason="the machine is not sold in Capacity Blocks",
        remedy="choose one of p4d, p4de, p5, p5e, p5en, p6, or use capacity_reservation",
        source=_EC2_BLOCKS,
    ),
    Rule(
        name="eks-placement-with-reservation",
        field="placement",
        broken_by=lambda args: args.placement is not None and args.reserved is not None,
        reason="capacity that was reserved outside of the new placement group cannot be used in it",
        remedy="leave it out, or name the reservation's own group in placement_group",
        source=_GROUP_AND_RESERVATION,
    ),
    Rule(
        name="eks-block-in-placement-group",
        field="placement_group",
        broken_by=lambda args: args.placement_group is not None and args.capacity_block is not None,
        reason="Capacity Blocks are near each other already and in no group",
        remedy="leave it out",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html",
    ),
    Rule(
        name="eks-two-placement-groups",
        field="placement_group",
        broken_by=lambda args: args.placement is not None and args.placement_group is not None,
        reason="a node is in one placement group, and placement makes another",
        remedy="leave out one of them",
        source=_PLACEMENT,
    ),
    Rule(
        name="eks-placement-across-subnets",
        field="subnets",
        broken_by=lambda args: (
            (args.placement or args.placement_group) is not None and len(args.subnets) > 1
        ),
        reason="a cluster placement group is in one zone",
        remedy="name one subnet",
        source=_PLACEMENT,
    ),
    Rule(
        name="eks-efa-across-subnets",
        field="subnets",
        broken_by=lambda args: args.has_rdma and len(args.subnets) > 1,
        reason="EFA traffic does not leave its subnet's zone",
        remedy="name one subnet, or rdma=False",
        source=EFA_GUIDE,
    ),
    Rule(
        name="eks-efa-without-security-group",
        field="security_groups",
        broken_by=lambda args: args.has_rdma and not args.security_groups,
        reason="EFA needs a security group that lets all traffic to and from itself through, and "
        "EKS adds the cluster's own to no launch template with network interfaces",
        remedy="name it, with the cluster's own",
        source=_TEMPLATES,
    ),
    Rule(
        name="eks-too-many-security-groups",
        field="security_groups",
        broken_by=lambda args: len(args.security_groups) > 16,
        reason="a network interface has at most 16 security groups, and 5 unless the quota was "
        "raised",
        remedy="name fewer",
        source="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule(
        name="eks-image-for-other-cpus",
        field="image_type",
        broken_by=lambda args: _arch_of(args) != args.hardware.arch,
        reason="the machine's CPUs are of another kind",
        remedy="choose the other image, or leave it out",
        source=_NODEGROUP,
    ),
    Rule(
        name="eks-local-disks-of-bottlerocket",
        field="local_disks",
        broken_by=lambda args: args.local_disks is not None and "BOTTLEROCKET" in args.image,
        reason="only Amazon Linux 2023 reads a NodeConfig, which says so to its nodes",
        remedy="leave it out, or choose another image_type",
        source=_NODEADM,
    ),
    Rule(
        name="eks-release-without-version",
        field="release_version",
        broken_by=lambda args: (
            args.release_version is not None
            and args.kubernetes_version is not None
            and not args.release_version.startswith(f"{args.kubernetes_version}.")
            and "BOTTLEROCKET" not in args.image
        ),
        reason="is an AMI of another Kubernetes version",
        remedy="choose a release of kubernetes_version, or say one of them only",
        source=_NODEGROUP,
    ),
    Rule(
        name="eks-too-many-taints",
        field="taints",
        broken_by=lambda args: len(args.taints) > 50,
        reason="a node group has at most 50 taints",
        remedy="leave some out",
        source=_TAINTS,
    ),
    Rule(
        name="eks-reserved-label",
        field="labels",
        broken_by=lambda args: has_prefix(args, "kubernetes.io", "k8s.io", "eks.amazonaws.com"),
        reason="labels under kubernetes.io, k8s.io and eks.amazonaws.com are reserved",
        remedy="use another prefix",
        source=_NODEGROUP,
    ),
)
