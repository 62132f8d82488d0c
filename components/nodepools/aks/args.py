"""What a user says about a pool of GPU nodes in AKS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ...spec.inputs import In
from ...spec.names import ExtendedResource, pattern
from ..gpu_pool_args import SizedPoolArgs
from ..hardware import Cloud
from ..rules.aks import AKS_RULES

PoolName = Annotated[
    str, pattern(r"[a-z][a-z0-9]*", "lower-case letters and digits, starting with a letter", 12)
]


class AksGpuNodePoolArgs(SizedPoolArgs):
    """Arguments of `AksGpuNodePool`."""

    CLOUD: ClassVar[Cloud] = "azure"
    RULES = AKS_RULES
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "count": "say size",
        "max_count": "say max_nodes",
        "min_count": "say min_nodes",
        "node_labels": "say labels",
        "node_taints": "say taints",
        "os_disk_size_gb": "say disk_gib",
        "os_sku": "say image_type",
        "vm_size": "say machine",
    }

    resource_group: In[str]
    """Name of the cluster's resource group."""
    cluster_name: In[str]
    """Name of the AKS cluster."""
    pool_name: PoolName
    """Name of the pool in AKS: at most 12 lower-case letters and digits."""
    zones: list[Literal["1", "2", "3"]] = []
    """Availability zones of the nodes; default: none."""
    subnet: In[str] | None = None
    """ID of the nodes' subnet; default: the cluster's."""
    capacity_reservation: In[str] | None = None
    """ID of a Capacity Reservation Group that nodes are made in; default: none."""
    placement: In[str] | None = None
    """ID of a proximity placement group, so that nodes are near each other; default: none."""
    spot_max_price: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """US dollars an hour at most of a spot node; default: up to the price on demand."""
    eviction: Literal["Delete", "Deallocate"] | None = None
    """What happens to spot nodes that Azure takes back; default `"Delete"`."""
    image_type: Literal["Ubuntu", "AzureLinux"] = "Ubuntu"
    """`"Ubuntu"` (default) or `"AzureLinux"`."""
    driver: Literal["Install", "None"] = "Install"
    """`"Install"` (default): AKS installs NVIDIA's driver; `"None"` where the GPU operator does."""
    disk_type: Literal["Managed", "Ephemeral"] | None = None
    """`"Managed"`, or `"Ephemeral"` on the machine's own disk; default: AKS's for the machine."""
    rdma_device: ExtendedResource = "rdma/ib"
    """What the cluster's device plugin calls an InfiniBand card; default `"rdma/ib"`."""
    kubernetes_version: str | None = None
    """Version of the nodes; default: the cluster's."""
    tags: dict[str, str] = {}
    """Azure tags; default: none."""
