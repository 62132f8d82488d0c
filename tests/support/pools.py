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


def changed(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same pool with other fields; None takes a field away."""
    return {key: value for key, value in {**said, **changes}.items() if value is not None}
