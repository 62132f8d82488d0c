"""The node pool of a pool in GKE, as keyword arguments of `pulumi_gcp`."""

from __future__ import annotations

from typing import Any

from ...spec.pool import PoolProfile
from ..gke_fabric import claimed_side, network_side
from ..gke_machines import accelerator
from ..job_side import pool_labels, pool_profile
from ..spelled import given
from .args import GkeGpuNodePoolArgs

_DRANET = {"cloud.google.com/gke-networking-dra-driver": "true"}


def render_profile(name: str, args: GkeGpuNodePoolArgs) -> PoolProfile:
    """What jobs are told."""
    near = {"topology_key": "cloud.google.com/gce-topology-block"} if args.has_rdma else {}
    return pool_profile(name, args, **_network_side(args), **near)


def _network_side(args: GkeGpuNodePoolArgs) -> dict[str, Any]:
    if args.network_claim is not None:
        return claimed_side(args.network_claim)
    networks = [one.name for one in args.networks]
    return network_side(args.hardware, networks, args.network_daemon)


def render_node_pool(name: str, args: GkeGpuNodePoolArgs) -> dict[str, Any]:
    """The node pool."""
    in_each_zone = args.first_size // len(args.zones)
    scaling = {
        "location_policy": "ANY",
        "total_max_node_count": args.max_nodes,
        "total_min_node_count": args.min_nodes,
    }
    return given(
        autoscaling=scaling if args.scales else None,
        cluster=args.cluster_name,
        initial_node_count=in_each_zone if args.scales else None,
        location=args.location,
        management={"auto_repair": args.repairs, "auto_upgrade": args.upgrades},
        network_config=_network(args),
        node_config=_node(name, args),
        node_count=None if args.scales else in_each_zone,
        node_locations=args.zones,
        placement_policy=args.placement
        and given(policy_name=args.placement_policy, type=args.placement),
        queued_provisioning={"enabled": True} if args.queued_provisioning else None,
        upgrade_settings=_upgrade(args),
        version=args.kubernetes_version,
    )


def _node(name: str, args: GkeGpuNodePoolArgs) -> dict[str, Any]:
    gpus = {
        "count": args.hardware.gpus,
        "gpu_driver_installation_config": {"gpu_driver_version": args.driver},
        "type": accelerator(args.hardware),
    }
    dranet = _DRANET if args.network_profile else {}
    return given(
        disk_size_gb=args.disk_gib,
        disk_type=args.disk_type,
        ephemeral_storage_local_ssd_config=args.local_ssds and {"local_ssd_count": args.local_ssds},
        fast_socket={"enabled": True} if args.fast_socket else None,
        flex_start=True if args.flex_start else None,
        guest_accelerators=[gpus],
        gvnic={"enabled": True},
        image_type=args.image_type,
        labels={**pool_labels(name, args), **dranet},
        machine_type=args.hardware.machine,
        max_run_duration=args.max_run_seconds and f"{args.max_run_seconds}s",
        oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
        reservation_affinity=_reservation(args),
        service_account=args.service_account,
        spot=True if args.spot else None,
        taints=[taint.to_cloud() for taint in args.taints] or None,
    )


def _reservation(args: GkeGpuNodePoolArgs) -> dict[str, Any] | None:
    if args.no_reservation:
        return {"consume_reservation_type": "NO_RESERVATION"}
    if args.capacity_reservation is None:
        return None
    return {
        "consume_reservation_type": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": [args.capacity_reservation],
    }


def _network(args: GkeGpuNodePoolArgs) -> dict[str, Any] | None:
    if args.network_profile is not None:
        return {"accelerator_network_profile": args.network_profile}
    further = [{"network": one.network, "subnetwork": one.subnetwork} for one in args.networks]
    return {"additional_node_network_configs": further} if further else None


def _upgrade(args: GkeGpuNodePoolArgs) -> dict[str, Any]:
    """Without spare nodes, as there are no spare GPUs."""
    surge = {"max_surge": 0, "max_unavailable": 1} if args.strategy == "SURGE" else {}
    return {**surge, "strategy": args.strategy}
