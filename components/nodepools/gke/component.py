"""`GkeGpuNodePool`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..pool import GpuNodePool, parse_pool
from ..sdk import load
from .args import GkeGpuNodePoolArgs
from .render import render_node_pool, render_profile

_SIZE_OF_AUTOSCALER = ["initialNodeCount", "nodeCount"]


class GkeGpuNodePool(GpuNodePool):
    """GPU nodes of a GKE cluster: a node pool with GPUs, their driver and their networks.

    GKE scales it from no nodes, and what that does to the size is no drift. Fields:
    `GkeGpuNodePoolArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong or Google Cloud would
    refuse it, or the package to install.

    >>> pool = GkeGpuNodePool("a100", {                            # doctest: +SKIP
    ...     "cluster_name": cluster.id, "machine": "a2-highgpu-8g", "zones": ["us-central1-a"],
    ...     "max_nodes": 4,
    ... })
    >>> ElasticJob("llm", {..., "pool": pool})                     # doctest: +SKIP
    """

    node_pool: pulumi.Output[str]
    """ID of the node pool."""

    def __init__(
        self,
        name: str,
        args: GkeGpuNodePoolArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"GkeGpuNodePool {name!r}"
        spec = parse_pool(GkeGpuNodePoolArgs, name, args, where)
        container = load("pulumi_gcp", "container", where)
        super().__init__(name, spec, render_profile(name, spec), opts)
        nodes = container.NodePool(
            name,
            **render_node_pool(name, spec),
            opts=self._sized(spec, _SIZE_OF_AUTOSCALER),
        )
        self.node_pool = nodes.id
        self.register_outputs({"node_pool": nodes.id, "profile": self.profile.to_dict()})
