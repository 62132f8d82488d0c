"""What a user says about a pool of GPU nodes that Karpenter makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pulumi import Output
from pydantic import Field

from ...spec.cluster import Cluster
from ...spec.inputs import In
from ...spec.names import pattern
from ..gpu_pool_args import GpuPoolArgs
from ..hardware import Cloud
from ..rules.karpenter import KARPENTER_RULES

Duration = Annotated[
    str, pattern(r"([0-9]+(s|m|h))+|Never", "a duration such as '10m' or '720h', or 'Never'", 40)
]
Period = Annotated[str, pattern(r"([0-9]+(s|m|h))+", "a duration such as '10m' or '2h'", 40)]
Image = Annotated[
    str,
    pattern(
        r"(al2023|bottlerocket)@.+",
        "'al2023@<version>' or 'bottlerocket@<version>', for example 'al2023@v20261101'",
        80,
    ),
]


class KarpenterGpuNodePoolArgs(GpuPoolArgs):
    """Arguments of `KarpenterGpuNodePool`."""

    CLOUD: ClassVar[Cloud] = "aws"
    RULES = KARPENTER_RULES
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "limits": "say max_nodes",
        "min_nodes": "not there, Karpenter makes the nodes that pods need",
        "placement": "say placement_group, which has to be there already",
        "requirements": "say machine or gpus, spot and zones",
        "size": "not there, Karpenter makes the nodes that pods need",
    }

    image: Image
    """AMI with a fixed version, `"al2023@v20261101"` or `"bottlerocket@v1.50.0"`; Karpenter finds
    the one with NVIDIA's driver."""
    node_role: In[str] | None = None
    """Name of the nodes' IAM role; excludes `instance_profile`."""
    instance_profile: In[str] | None = None
    """Name of an instance profile in place of `node_role`."""
    subnets: Annotated[list[In[str]], Field(min_length=1)]
    """IDs of the subnets; one for nodes that have to be near each other."""
    security_groups: Annotated[list[In[str]], Field(min_length=1)]
    """IDs of the nodes' security groups; with `rdma`, one of them lets all traffic to and from
    itself through."""
    zones: list[str] = []
    """Availability zones of the nodes, among those of the subnets; default: all."""
    capacity_reservation: In[str] | None = None
    """ID of an On-Demand Capacity Reservation that nodes are made in; default: none."""
    capacity_block: In[str] | None = None
    """ID of a Capacity Block for ML that nodes are made in; default: none."""
    placement_group: In[str] | None = None
    """Name of a cluster placement group that is there already; default: none."""
    local_disks: Literal["RAID0"] | None = None
    """`"RAID0"` gives containers the machine's local disks as one; default: they are unused."""
    remove_empty_after: Duration = "10m"
    """How long a node without pods is kept, for example for a job that is restarted; default
    `"10m"`."""
    replace_drifted: bool = False
    """Whether Karpenter may replace nodes, one at a time, that are no longer as the pool says;
    default False: they go when they are empty."""
    expire_after: Duration = "Never"
    """Age at which nodes are drained; default `"Never"`, as Karpenter's own, 30 days, ends runs."""
    drain_at_most: Period | None = None
    """How long a node waits for its pods before it goes all the same; with `expire_after`
    required; default: for ever."""
    weight: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    """Which of several pools that fit comes first, 1 to 100, the highest; default: none does."""
    tags: dict[str, str] = {}
    """AWS tags of the nodes; default: none."""
    cluster: Cluster | None = None
    """The cluster with Karpenter; default: the provider's, or the current context."""

    @property
    def reserved(self) -> str | Output[str] | None:
        """ID of the reservation or block that nodes are made in."""
        block = self.capacity_block
        return block if self.capacity_reservation is None else self.capacity_reservation

    @property
    def capacity_type(self) -> str:
        """What Karpenter calls the terms."""
        if self.reserved is not None:
            return "reserved"
        return "spot" if self.spot else "on-demand"

    @property
    def on_other_terms(self) -> bool:
        """Spot and Capacity Blocks have prices of their own."""
        return self.spot or self.capacity_block is not None

    @property
    def has_device_plugin(self) -> bool:
        """Bottlerocket's images with NVIDIA's driver have its device plugin too."""
        return self.image.startswith("bottlerocket@")
