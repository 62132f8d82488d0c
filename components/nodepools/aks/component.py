"""`AksGpuNodePool`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..pool import GpuNodePool, parse_pool
from ..sdk import load
from .args import AksGpuNodePoolArgs
from .render import render_agent_pool, render_profile

_SIZE_OF_AUTOSCALER = ["count"]


class AksGpuNodePool(GpuNodePool):
    """GPU nodes of an AKS cluster: an agent pool with GPUs and their driver.

    AKS scales it from no nodes, and what that does to the size is no drift. Pods of InfiniBand
    machines ask for the cards, which takes NVIDIA's network operator on the cluster and Azure's
    feature AKSInfinibandSupport. Fields: `AksGpuNodePoolArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong or Azure would refuse
    it, or the package to install.

    >>> pool = AksGpuNodePool("h100", {                            # doctest: +SKIP
    ...     "resource_group": group.name, "cluster_name": cluster.name, "pool_name": "h100",
    ...     "machine": "Standard_ND96isr_H100_v5", "max_nodes": 4,
    ... })
    >>> ElasticJob("llm", {..., "pool": pool})                     # doctest: +SKIP
    """

    agent_pool: pulumi.Output[str]
    """ID of the agent pool."""

    def __init__(
        self,
        name: str,
        args: AksGpuNodePoolArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"AksGpuNodePool {name!r}"
        spec = parse_pool(AksGpuNodePoolArgs, name, args, where)
        containerservice = load("pulumi_azure_native", "containerservice", where)
        super().__init__(name, spec, render_profile(name, spec), opts)
        nodes = containerservice.AgentPool(
            name,
            **render_agent_pool(name, spec),
            opts=self._sized(spec, _SIZE_OF_AUTOSCALER),
        )
        self.agent_pool = nodes.id
        self.register_outputs({"agent_pool": nodes.id, "profile": self.profile.to_dict()})
