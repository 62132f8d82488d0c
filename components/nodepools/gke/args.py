"""What a user says about a pool of GPU nodes in GKE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ...spec.inputs import In
from ...spec.model import Args
from ...spec.names import Image, Subdomain
from ..gpu_pool_args import SizedPoolArgs
from ..hardware import Cloud
from ..rules.gke import GKE_RULES

GOOGLES_PLUGIN_OFF = "gke-no-default-nvidia-gpu-device-plugin"
"""Label of nodes that Google's device plugin leaves alone."""


class NodeNetwork(Args):
    """A further network of every node, for the network cards of its GPUs.

    >>> NodeNetwork(name="rdma-0", network="rdma", subnetwork="rdma-0").name
    'rdma-0'
    """

    name: Subdomain
    """Name of the `Network` object in the cluster, by which pods ask for it."""
    network: In[str]
    """The VPC network."""
    subnetwork: In[str]
    """Its subnetwork."""


class GkeGpuNodePoolArgs(SizedPoolArgs):
    """Arguments of `GkeGpuNodePool`."""

    CLOUD: ClassVar[Cloud] = "gcp"
    RULES = GKE_RULES
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "autoscaling": "say min_nodes and max_nodes",
        "disk_size_gb": "say disk_gib",
        "guest_accelerators": "say machine or gpus",
        "machine_type": "say machine",
        "node_count": "say size",
        "node_locations": "say zones",
        "reservation_affinity": "say capacity_reservation",
    }

    cluster_name: In[str]
    """Name or ID of the GKE cluster."""
    location: In[str] | None = None
    """Region or zone of the cluster; default: that of the provider."""
    zones: Annotated[list[str], Field(min_length=1)]
    """Zones of the nodes, for example `["us-central1-a"]`; one zone for nodes that have to be near
    each other."""
    flex_start: bool = False
    """Nodes that come when the cloud has them, for up to seven days (Dynamic Workload Scheduler);
    default False."""
    queued_provisioning: bool = False
    """Nodes come all at once for a ProvisioningRequest, for example of Kueue, and only then;
    default False."""
    capacity_reservation: In[str] | None = None
    """`"projects/<project>/reservations/<name>"`, perhaps with
    `/reservationBlocks/<block>`, which nodes are made in; default: any that fits."""
    placement: Literal["COMPACT"] | None = None
    """`"COMPACT"`: nodes near each other; default: anywhere."""
    placement_policy: In[str] | None = None
    """Name of a placement policy of Compute Engine, with `placement`; default: GKE makes one."""
    networks: list[NodeNetwork] = []
    """Further networks for the network cards, as many as the machine needs, in the order of its
    cards; with `rdma` required, or `network_profile`."""
    network_daemon: Image | None = None
    """Image of the daemon beside training containers on A3 High and A3 Mega, which has to be of the
    same release as the NCCL plugin that is installed on the nodes; default: version 2.0.12 of
    TCPX, 1.0.21 of TCPXO."""
    network_profile: Literal["auto"] | None = None
    """`"auto"`: GKE makes those networks, and pods claim cards by `network_claim`, on A3 Ultra and
    A4; default: `networks`."""
    network_claim: Subdomain | None = None
    """Name of the ResourceClaimTemplate in the namespaces of jobs by which their pods claim cards,
    with `network_profile` required; it asks for all devices of class `mrdma.google.com`."""
    image_type: Literal["COS_CONTAINERD", "UBUNTU_CONTAINERD"] = "COS_CONTAINERD"
    """`"COS_CONTAINERD"` (default) or `"UBUNTU_CONTAINERD"`."""
    driver: Literal["DEFAULT", "LATEST", "INSTALLATION_DISABLED"] = "DEFAULT"
    """NVIDIA's driver that GKE installs: `"DEFAULT"` (default) or `"LATEST"` of its version, or
    `"INSTALLATION_DISABLED"` where the GPU operator does."""
    disk_type: Literal["hyperdisk-balanced", "pd-balanced", "pd-ssd", "pd-standard"] | None = None
    """Kind of the boot disk; default: GKE's for the machine."""
    local_ssds: Annotated[int, Field(ge=1, le=32, strict=True)] | None = None
    """Local SSDs for ephemeral storage, where the machine lets choose; default: GKE's."""
    fast_socket: bool = False
    """NCCL Fast Socket, for machines without network cards of their own for GPUs; default
    False."""
    auto_repair: bool | None = None
    """Whether GKE makes nodes anew that are unhealthy; default: unless `flex_start`."""
    auto_upgrade: bool | None = None
    """Whether GKE upgrades nodes; default: unless `queued_provisioning`."""
    upgrade: Literal["SURGE", "BLUE_GREEN", "SHORT_LIVED"] | None = None
    """How nodes are upgraded; default `"SURGE"`, with `flex_start` `"SHORT_LIVED"`."""
    max_run_seconds: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Seconds until a node is taken down, with `flex_start` or `queued_provisioning` at most seven
    days; default: never, with these two seven days."""
    service_account: In[str] | None = None
    """Email of the nodes' service account; default: Compute Engine's."""
    kubernetes_version: str | None = None
    """Version of the nodes; default: GKE's."""

    @property
    def repairs(self) -> bool:
        """Whether GKE makes nodes anew."""
        return not self.flex_start if self.auto_repair is None else self.auto_repair

    @property
    def upgrades(self) -> bool:
        """Whether GKE upgrades nodes."""
        return not self.queued_provisioning if self.auto_upgrade is None else self.auto_upgrade

    @property
    def strategy(self) -> str:
        """How nodes are upgraded."""
        return self.upgrade or ("SHORT_LIVED" if self.flex_start else "SURGE")

    @property
    def no_reservation(self) -> bool:
        """Whether nodes may be in no reservation, not even in one that fits."""
        return self.spot or self.flex_start or self.queued_provisioning

    @property
    def on_other_terms(self) -> bool:
        """Spot, flex-start and queued nodes have prices of their own."""
        return self.no_reservation

    @property
    def has_device_plugin(self) -> bool:
        """Google's, unless a label of the nodes keeps it off."""
        return self.labels.get(GOOGLES_PLUGIN_OFF) != "true"
