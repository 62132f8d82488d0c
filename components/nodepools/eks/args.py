"""What a user says about a pool of GPU nodes in EKS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pulumi import Output
from pydantic import Field

from ...spec.inputs import In
from ..gpu_pool_args import SizedPoolArgs
from ..hardware import Cloud
from ..rules.eks import EKS_RULES

EksImage = Literal[
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA",
]


class EksGpuNodePoolArgs(SizedPoolArgs):
    """Arguments of `EksGpuNodePool`."""

    CLOUD: ClassVar[Cloud] = "aws"
    RULES = EKS_RULES
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "ami_type": "say image_type",
        "desired_size": "say size",
        "disk_size": "say disk_gib",
        "instance_types": "say machine",
        "max_size": "say max_nodes",
        "min_size": "say min_nodes",
        "subnet_ids": "say subnets",
    }

    cluster_name: In[str]
    """Name of the EKS cluster."""
    node_role_arn: In[str]
    """ARN of the nodes' IAM role."""
    subnets: Annotated[list[In[str]], Field(min_length=1)]
    """IDs of the subnets, private ones where nodes have several network cards; one subnet for
    nodes that have to be near each other."""
    security_groups: list[In[str]] = []
    """IDs of the nodes' security groups, with the cluster's own; with `rdma` required, and one of
    them lets all traffic to and from itself through. Default: the cluster's own."""
    capacity_reservation: In[str] | None = None
    """ID of an On-Demand Capacity Reservation that nodes are made in; default: none."""
    capacity_block: In[str] | None = None
    """ID of a Capacity Block for ML that nodes are made in; default: none."""
    placement: Literal["cluster"] | None = None
    """`"cluster"` makes a cluster placement group, so that nodes are near each other; default:
    none."""
    placement_group: In[str] | None = None
    """Name of a cluster placement group that is there already, for example the one that a
    reservation was made in; default: none."""
    image_type: EksImage | None = None
    """AMI with NVIDIA's driver in it; default: Amazon Linux 2023 for the machine's CPUs."""
    kubernetes_version: str | None = None
    """For example `"1.34"`; default: the cluster's."""
    release_version: str | None = None
    """Release of the AMI; default: the newest when the pool is made."""
    local_disks: Literal["RAID0"] | None = None
    """`"RAID0"` gives containers the machine's local disks as one; default: they are unused."""
    tags: dict[str, str] = {}
    """AWS tags of all that is made and of the nodes; default: none."""

    @property
    def reserved(self) -> str | Output[str] | None:
        """ID of the reservation or block that nodes are made in."""
        block = self.capacity_block
        return block if self.capacity_reservation is None else self.capacity_reservation

    @property
    def image(self) -> EksImage:
        """The AMI's type."""
        if self.image_type is not None:
            return self.image_type
        return "AL2023_ARM_64_NVIDIA" if self.hardware.arch == "arm64" else "AL2023_x86_64_NVIDIA"

    @property
    def on_other_terms(self) -> bool:
        """Spot and Capacity Blocks have prices of their own."""
        return self.spot or self.capacity_block is not None

    @property
    def has_device_plugin(self) -> bool:
        """Bottlerocket's images with NVIDIA's driver have its device plugin too."""
        return self.image.startswith("BOTTLEROCKET")
