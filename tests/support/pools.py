"""Pools of nodes that tests change a little."""

from __future__ import annotations

from typing import Any

EKS: dict[str, Any] = {
    "cluster_name": "train",
    "machine": "p5.48xlarge",
    "max_nodes": 4,
    "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
    "security_groups": ["sg-cluster", "sg-efa"],
    "subnets": ["subnet-a"],
}
GKE: dict[str, Any] = {
    "cluster_name": "train",
    "machine": "a2-highgpu-8g",
    "max_nodes": 4,
    "zones": ["us-central1-a"],
}
AKS: dict[str, Any] = {
    "cluster_name": "train",
    "machine": "Standard_ND96isr_H100_v5",
    "max_nodes": 4,
    "pool_name": "h100",
    "resource_group": "research",
}
KARPENTER: dict[str, Any] = {
    "image": "al2023@v20261101",
    "machine": "p5.48xlarge",
    "max_nodes": 4,
    "node_role": "nodes",
    "security_groups": ["sg-cluster", "sg-efa"],
    "subnets": ["subnet-a"],
}

KARPENTER_KINDS: dict[str, dict[str, Any]] = {
    "EFA": {},
    "EFA on all cards but the first": {"machine": "p6-b300.48xlarge"},
    "no EFA": {"machine": "g6e.xlarge", "subnets": ["subnet-a", "subnet-b"]},
    "spot": {"spot": True},
    "reservation": {"capacity_reservation": "cr-0123456789abcdef0"},
    "Capacity Block": {"capacity_block": "cr-0123456789abcdef1"},
    "all fields": {
        "disk_gib": 500,
        "drain_at_most": "2h",
        "expire_after": "720h",
        "image": "bottlerocket@v1.50.0",
        "instance_profile": "nodes",
        "labels": {"team": "vision"},
        "local_disks": "RAID0",
        "node_role": None,
        "placement_group": "near",
        "remove_empty_after": "1h30m",
        "replace_drifted": True,
        "tags": {"cost": "research"},
        "weight": 10,
        "zones": ["us-east-1a"],
    },
}


def networks(*names: str) -> list[dict[str, str]]:
    """A network and subnetwork of each name."""
    return [{"name": name, "network": f"net-{name}", "subnetwork": f"sub-{name}"} for name in names]


RDMA = networks("gvnic-1", *(f"rdma-{number}" for number in range(8)))
"""What A3 Ultra and A4 need."""


def changed(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same pool with other fields; None takes a field away."""
    return {key: value for key, value in {**said, **changes}.items() if value is not None}
