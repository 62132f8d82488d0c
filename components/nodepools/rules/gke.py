"""What GKE and Compute Engine refuse late."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..gke_fabric import has_daemon
from ..gke_machines import networks_of
from ..taint import gpu_taint
from .rule import Rule
from .taints import has_prefix

if TYPE_CHECKING:
    from ..gke.args import GkeGpuNodePoolArgs

_MODULE = (
    "https://github.com/GoogleCloudPlatform/cluster-toolkit/blob/main/"
    "modules/compute/gke-node-pool/main.tf"
)
_DOCS = "https://cloud.google.com/kubernetes-engine/docs"
_COMPACT = f"{_DOCS}/how-to/compact-placement"
_FLEX = f"{_DOCS}/how-to/dws-flex-start-training"
_QUEUED = f"{_DOCS}/how-to/provisioningrequest"
_RESERVATIONS = f"{_DOCS}/how-to/consuming-reservations"
_NETWORKS = f"{_DOCS}/how-to/gpu-bandwidth-gpudirect-tcpx"
_POOLS = f"{_DOCS}/reference/rest/v1/projects.locations.clusters.nodePools"
_PATH = re.compile(
    r"(projects/[^/]+/reservations/)?[a-z]([-a-z0-9]*[a-z0-9])?"
    r"(/reservationBlocks/[^/]+(/reservationSubBlocks/[^/]+)?)?"
)
_COMPACT_FLEX = ("a3-ultragpu", "a4-highgpu")
_MOST_COMPACT = 1500
_DAYS_7 = 7 * 24 * 3600


def _misspelled(args: GkeGpuNodePoolArgs) -> bool:
    said = args.capacity_reservation
    return isinstance(said, str) and not _PATH.fullmatch(said)


def _has_other_gpu_taint(args: GkeGpuNodePoolArgs) -> bool:
    of_gke = gpu_taint()
    return any(
        one.key == of_gke.key and one.effect == of_gke.effect and one != of_gke
        for one in args.taints
    )


def _elsewhere(args: GkeGpuNodePoolArgs) -> bool:
    regions = {zone.rpartition("-")[0] for zone in args.zones}
    return len(regions) > 1


GKE_RULES: tuple[Rule[GkeGpuNodePoolArgs], ...] = (
    Rule(
        name="gke-zones-of-several-regions",
        field="zones",
        broken_by=_elsewhere,
        reason="a cluster and its nodes are in one region",
        remedy="name zones of one region",
        source=_POOLS,
    ),
    Rule(
        name="gke-size-over-zones",
        field="size",
        broken_by=lambda args: args.first_size % len(args.zones) != 0,
        reason="each zone gets as many nodes as another, so the size is a multiple of the zones",
        remedy="choose such a size (or min_nodes), or one zone",
        source=_POOLS,
    ),
    Rule(
        name="gke-compact-across-zones",
        field="placement",
        broken_by=lambda args: args.placement is not None and len(args.zones) > 1,
        reason="compact placement is within one zone",
        remedy="name one zone, or leave it out",
        source=_COMPACT,
    ),
    Rule(
        name="gke-compact-with-blue-green",
        field="upgrade",
        broken_by=lambda args: args.placement is not None and args.strategy == "BLUE_GREEN",
        reason="compact placement has no blue-green upgrades",
        remedy="say 'SURGE', or leave out placement",
        source=_MODULE,
    ),
    Rule(
        name="gke-compact-too-large",
        field="max_nodes",
        broken_by=lambda args: args.placement is not None and args.max_nodes > _MOST_COMPACT,
        reason="compact placement holds at most 1500 nodes",
        remedy="lower it, or leave out placement",
        source=_COMPACT,
    ),
    Rule(
        name="gke-policy-without-compact",
        field="placement_policy",
        broken_by=lambda args: args.placement_policy is not None and args.placement is None,
        reason="a placement policy is one of compact placement",
        remedy="add placement='COMPACT'",
        source=_COMPACT,
    ),
    Rule(
        name="gke-compact-with-queued",
        field="placement",
        broken_by=lambda args: args.placement is not None and args.queued_provisioning,
        reason="queued provisioning places nodes by itself",
        remedy="leave it out",
        source=_MODULE,
    ),
    Rule(
        name="gke-compact-with-flex-start",
        field="placement",
        broken_by=lambda args: (
            args.placement is not None
            and args.flex_start
            and not args.hardware.machine.startswith(_COMPACT_FLEX)
        ),
        reason="of GPU machines only A3 Ultra and A4 have both compact placement and flex-start",
        remedy="leave out one of them",
        source=_MODULE,
    ),
    Rule(
        name="gke-queued-with-least-size",
        field="min_nodes",
        broken_by=lambda args: args.queued_provisioning and args.first_size > 0,
        reason="with queued provisioning nodes come for a request and go after it",
        remedy="leave out min_nodes and size",
        source=_MODULE,
    ),
    Rule(
        name="gke-queued-with-reservation",
        field="capacity_reservation",
        broken_by=lambda args: args.queued_provisioning and args.capacity_reservation is not None,
        reason="queued provisioning uses no reservation",
        remedy="leave out one of them",
        source=_QUEUED,
    ),
    Rule(
        name="gke-queued-with-spot",
        field="spot",
        broken_by=lambda args: args.queued_provisioning and args.spot,
        reason="queued provisioning has no spot nodes",
        remedy="leave out one of them",
        source=_QUEUED,
    ),
    Rule(
        name="gke-queued-with-upgrade",
        field="auto_upgrade",
        broken_by=lambda args: args.queued_provisioning and args.upgrades,
        reason="an upgrade would take nodes from the job that they were requested for",
        remedy="leave it out",
        source=_QUEUED,
    ),
    Rule(
        name="gke-flex-start-with-repair",
        field="auto_repair",
        broken_by=lambda args: args.flex_start and args.repairs,
        reason="nodes of flex-start are not made anew",
        remedy="leave it out",
        source=_FLEX,
    ),
    Rule(
        name="gke-flex-start-with-size",
        field="size",
        broken_by=lambda args: args.flex_start and args.first_size > 0,
        reason="nodes of flex-start come only when pods ask for them",
        remedy="leave out size and min_nodes",
        source=_FLEX,
    ),
    Rule(
        name="gke-flex-start-with-reservation",
        field="capacity_reservation",
        broken_by=lambda args: args.flex_start and args.capacity_reservation is not None,
        reason="flex-start uses no reservation",
        remedy="leave out one of them",
        source=_FLEX,
    ),
    Rule(
        name="gke-flex-start-with-spot",
        field="spot",
        broken_by=lambda args: args.flex_start and args.spot,
        reason="nodes are either of flex-start or spot",
        remedy="leave out one of them",
        source=_FLEX,
    ),
    Rule(
        name="gke-flex-start-with-upgrade",
        field="upgrade",
        broken_by=lambda args: args.flex_start and args.strategy != "SHORT_LIVED",
        reason="nodes of flex-start are upgraded when they are made anew",
        remedy="leave it out",
        source=_FLEX,
    ),
    Rule(
        name="gke-short-lived-otherwise",
        field="upgrade",
        broken_by=lambda args: (
            args.upgrade == "SHORT_LIVED" and not (args.flex_start or args.queued_provisioning)
        ),
        reason="only nodes of flex-start and queued provisioning are upgraded so",
        remedy="say 'SURGE', or flex_start",
        source="https://cloud.google.com/dotnet/docs/reference/Google.Cloud.Container.V1/latest/"
        "Google.Cloud.Container.V1.NodePoolUpdateStrategy",
    ),
    Rule(
        name="gke-spot-with-reservation",
        field="spot",
        broken_by=lambda args: args.spot and args.capacity_reservation is not None,
        reason="spot nodes use no reservation",
        remedy="leave out one of them",
        source=_RESERVATIONS,
    ),
    Rule(
        name="gke-reservation-misspelled",
        field="capacity_reservation",
        broken_by=_misspelled,
        reason="must be '<name>' or 'projects/<project>/reservations/<name>', then perhaps "
        "'/reservationBlocks/<block>' with '/reservationSubBlocks/<sub-block>'",
        remedy="spell it so",
        source=_RESERVATIONS,
    ),
    Rule(
        name="gke-run-time-too-long",
        field="max_run_seconds",
        broken_by=lambda args: (
            (args.flex_start or args.queued_provisioning)
            and args.max_run_seconds is not None
            and args.max_run_seconds > _DAYS_7
        ),
        reason="nodes of flex-start and queued provisioning run for at most 604800 seconds",
        remedy="lower it",
        source=_FLEX,
    ),
    Rule(
        name="gke-networks-missing",
        field="networks",
        broken_by=lambda args: (
            args.has_rdma
            and args.network_profile is None
            and len(args.networks) != networks_of(args.hardware)
        ),
        reason="the machine needs 4 networks (A3 High), 8 (A3 Mega) or 9 (A3 Ultra and A4: one "
        "more for gVNIC, then 8 for RDMA)",
        remedy="name as many, or rdma=False",
        source=_NETWORKS,
    ),
    Rule(
        name="gke-networks-twice",
        field="networks",
        broken_by=lambda args: len({one.name for one in args.networks}) < len(args.networks),
        reason="each card has a Network object of its own",
        remedy="name each once",
        source=_NETWORKS,
    ),
    Rule(
        name="gke-networks-without-cards",
        field="networks",
        broken_by=lambda args: bool(args.networks) and not args.has_rdma,
        reason="have no effect on a pool without rdma",
        remedy="leave them out, or choose a machine with network cards for its GPUs",
        source=_NETWORKS,
    ),
    Rule(
        name="gke-daemon-without-networks",
        field="network_daemon",
        broken_by=lambda args: (
            args.network_daemon is not None and not (args.networks and has_daemon(args.hardware))
        ),
        reason="has no effect: only pods on A3 High and A3 Mega with networks have a daemon",
        remedy="leave it out",
        source=_NETWORKS,
    ),
    Rule(
        name="gke-two-kinds-of-networks",
        field="network_profile",
        broken_by=lambda args: args.network_profile is not None and bool(args.networks),
        reason="GKE makes the networks by itself",
        remedy="leave out networks or network_profile",
        source=f"{_DOCS}/how-to/allocate-network-resources-dra",
    ),
    Rule(
        name="gke-profile-without-cards",
        field="network_profile",
        broken_by=lambda args: args.network_profile is not None and not args.has_rdma,
        reason="has no effect on a pool without rdma",
        remedy="leave it out, or choose a machine with network cards for its GPUs",
        source=f"{_DOCS}/how-to/allocate-network-resources-dra",
    ),
    Rule(
        name="gke-profile-of-a3",
        field="network_profile",
        broken_by=lambda args: args.network_profile is not None and not args.hardware.rdma,
        reason="jobs claim network cards for RDMA only, which A3 High and A3 Mega do not have",
        remedy="name networks",
        source="docs/pools.md",
    ),
    Rule(
        name="gke-profile-without-claim",
        field="network_claim",
        broken_by=lambda args: (args.network_profile is None) != (args.network_claim is None),
        reason="with network_profile, and only then, pods get network cards by a claim",
        remedy="say both, or leave out both",
        source=f"{_DOCS}/how-to/allocate-network-resources-dra",
    ),
    Rule(
        name="gke-rdma-across-zones",
        field="zones",
        broken_by=lambda args: args.has_rdma and args.hardware.rdma and len(args.zones) > 1,
        reason="a network for RDMA is in one zone",
        remedy="name one zone, or rdma=False",
        source="https://cloud.google.com/vpc/docs/rdma-network-profiles",
    ),
    Rule(
        name="gke-tcpx-on-ubuntu",
        field="image_type",
        broken_by=lambda args: (
            args.has_rdma
            and args.hardware.fabric in ("TCPX", "TCPXO")
            and args.image_type != "COS_CONTAINERD"
        ),
        reason="GPUDirect-TCPX and TCPXO are for Container-Optimized OS only",
        remedy="leave it out, or rdma=False",
        source=_NETWORKS,
    ),
    Rule(
        name="gke-local-ssds-of-a3",
        field="local_ssds",
        broken_by=lambda args: (
            args.local_ssds is not None
            and args.hardware.machine.startswith(("a2-ultragpu", "a3-", "a4-"))
        ),
        reason="the machine comes with its local SSDs",
        remedy="leave it out",
        source=f"{_DOCS}/how-to/persistent-volumes/local-ssd",
    ),
    Rule(
        name="gke-fast-socket-with-cards",
        field="fast_socket",
        broken_by=lambda args: args.fast_socket and args.has_rdma,
        reason="is for machines without network cards of their own for GPUs",
        remedy="leave it out",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Rule(
        name="gke-disk-of-a4",
        field="disk_type",
        broken_by=lambda args: (
            args.disk_type is not None
            and args.disk_type != "hyperdisk-balanced"
            and args.hardware.machine.startswith(("a3-ultragpu", "a4-"))
        ),
        reason="A3 Ultra and A4 boot from Hyperdisk only",
        remedy="say 'hyperdisk-balanced', or leave it out",
        source="https://cloud.google.com/compute/docs/accelerator-optimized-machines",
    ),
    Rule(
        name="gke-other-gpu-taint",
        field="taints",
        broken_by=_has_other_gpu_taint,
        reason="GKE adds nvidia.com/gpu=present:NoSchedule itself, and the other one would be a "
        "second of the same key",
        remedy="give it the value 'present'",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Rule(
        name="gke-reserved-label",
        field="labels",
        broken_by=lambda args: has_prefix(args, "kubernetes.io", "k8s.io", "cloud.google.com"),
        reason="labels under kubernetes.io, k8s.io and cloud.google.com are reserved",
        remedy="use another prefix",
        source=_POOLS,
    ),
)
