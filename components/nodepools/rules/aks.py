"""What AKS and Azure refuse late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rule import Rule
from .taints import has_prefix

if TYPE_CHECKING:
    from ..aks.args import AksGpuNodePoolArgs

_DOCS = "https://learn.microsoft.com/en-us/azure"
_SPOT = f"{_DOCS}/aks/spot-node-pool"
_RESERVATIONS = f"{_DOCS}/aks/manage-node-pools"
_NEAR = f"{_DOCS}/aks/reduce-latency-ppg"
_GPU = f"{_DOCS}/aks/use-nvidia-gpu"
_INFINIBAND = "https://azure.github.io/aks-rdma-infiniband/"
_SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"

AKS_RULES: tuple[Rule[AksGpuNodePoolArgs], ...] = (
    Rule(
        name="aks-too-many-nodes",
        field="max_nodes",
        broken_by=lambda args: args.max_nodes > 1000,
        reason="a pool has at most 1000 nodes",
        remedy="lower it, or make several pools",
        source=f"{_DOCS}/aks/quotas-skus-regions",
    ),
    Rule(
        name="aks-infiniband-too-large",
        field="max_nodes",
        broken_by=lambda args: args.has_rdma and args.max_nodes > 100,
        reason="InfiniBand is within one scale set of a single placement group, of at most 100 "
        "nodes",
        remedy="lower it, or rdma=False",
        source=f"{_DOCS}/virtual-machine-scale-sets/virtual-machine-scale-sets-placement-groups",
    ),
    Rule(
        name="aks-infiniband-across-zones",
        field="zones",
        broken_by=lambda args: args.has_rdma and len(args.zones) > 1,
        reason="InfiniBand does not leave its zone",
        remedy="name one zone, or rdma=False",
        source=f"{_DOCS}/virtual-machines/setup-infiniband",
    ),
    Rule(
        name="aks-infiniband-of-azure-linux",
        field="image_type",
        broken_by=lambda args: args.has_rdma and args.image_type != "Ubuntu",
        reason="NVIDIA's network operator has its InfiniBand driver for Ubuntu",
        remedy="leave it out, or rdma=False",
        source=_INFINIBAND,
    ),
    Rule(
        name="aks-reservation-with-spot",
        field="spot",
        broken_by=lambda args: args.spot and args.capacity_reservation is not None,
        reason="spot nodes use no Capacity Reservation",
        remedy="leave out one of them",
        source=f"{_DOCS}/virtual-machines/capacity-reservation-overview",
    ),
    Rule(
        name="aks-reservation-with-placement",
        field="placement",
        broken_by=lambda args: args.placement is not None and args.capacity_reservation is not None,
        reason="Capacity Reservations and proximity placement groups exclude each other",
        remedy="leave out one of them",
        source=f"{_DOCS}/virtual-machines/capacity-reservation-overview",
    ),
    Rule(
        name="aks-placement-across-zones",
        field="zones",
        broken_by=lambda args: args.placement is not None and len(args.zones) > 1,
        reason="a proximity placement group is in one zone",
        remedy="name one zone, or leave out placement",
        source=_NEAR,
    ),
    Rule(
        name="aks-zone-twice",
        field="zones",
        broken_by=lambda args: len(set(args.zones)) < len(args.zones),
        reason="a zone is named twice",
        remedy="name each once",
        source=f"{_DOCS}/aks/availability-zones-overview",
    ),
    Rule(
        name="aks-price-without-spot",
        field="spot_max_price",
        broken_by=lambda args: args.spot_max_price is not None and not args.spot,
        reason="is of spot nodes",
        remedy="leave it out, or say spot",
        source=_SPOT,
    ),
    Rule(
        name="aks-eviction-without-spot",
        field="eviction",
        broken_by=lambda args: args.eviction is not None and not args.spot,
        reason="is of spot nodes",
        remedy="leave it out, or say spot",
        source=_SPOT,
    ),
    Rule(
        name="aks-spot-taint",
        field="taints",
        broken_by=lambda args: any(one.key == _SPOT_TAINT for one in args.taints),
        reason=f"AKS adds {_SPOT_TAINT} itself",
        remedy="leave it out",
        source=_SPOT,
    ),
    Rule(
        name="aks-driver-of-azure-linux",
        field="driver",
        broken_by=lambda args: args.driver == "None" and args.image_type == "AzureLinux",
        reason="the GPU operator has no driver for Azure Linux",
        remedy="leave it out, or say image_type='Ubuntu'",
        source=_GPU,
    ),
    Rule(
        name="aks-disk-too-small",
        field="disk_gib",
        broken_by=lambda args: args.disk_gib < 30,
        reason="the node's image needs 30 GiB",
        remedy="raise it",
        source=f"{_DOCS}/aks/concepts-storage",
    ),
    Rule(
        name="aks-disk-too-large",
        field="disk_gib",
        broken_by=lambda args: args.disk_gib > 2048,
        reason="a boot disk has at most 2048 GiB",
        remedy="lower it",
        source="https://learn.microsoft.com/en-us/rest/api/aks/agent-pools/create-or-update",
    ),
    Rule(
        name="aks-reserved-label",
        field="labels",
        broken_by=lambda args: has_prefix(args, "kubernetes.io", "k8s.io", "kubernetes.azure.com"),
        reason="labels under kubernetes.io, k8s.io and kubernetes.azure.com are reserved",
        remedy="use another prefix",
        source=f"{_DOCS}/aks/use-labels",
    ),
)
