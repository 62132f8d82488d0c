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


def networks(*names: str) -> list[dict[str, str]]:
    """A network and subnetwork of each name."""
    return [{"name": name, "network": f"net-{name}", "subnetwork": f"sub-{name}"} for name in names]


RDMA = networks("gvnic-1", *(f"rdma-{number}" for number in range(8)))
"""What A3 Ultra and A4 need."""


def changed(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same pool with other fields; None takes a field away."""
    return {key: value for key, value in {**said, **changes}.items() if value is not None}
