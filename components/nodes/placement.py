"""What puts a pod onto each node of some pools, and onto no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..spec.pool import PoolProfile


def affinity(pools: Sequence[PoolProfile]) -> dict[str, Any]:
    """Nodes that have all labels of one of the pools."""
    terms = [
        {
            "matchExpressions": [
                {"key": key, "operator": "In", "values": [value]}
                for key, value in sorted(pool.node_selector.items())
            ]
        }
        for pool in pools
    ]
    required = {"nodeSelectorTerms": terms}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def tolerations(pools: Sequence[PoolProfile]) -> list[dict[str, Any]]:
    """Those of all pools, each once."""
    found: list[dict[str, Any]] = []
    for pool in pools:
        for toleration in pool.tolerations:
            if (said := toleration.to_kube()) not in found:
                found.append(said)
    return found
