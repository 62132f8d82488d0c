"""`KarpenterGpuNodePool`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ...cluster_provider import on_cluster
from ...kube import Manifest
from ..pool import GpuNodePool, parse_pool
from .args import KarpenterGpuNodePoolArgs
from .render import render_node_class, render_node_pool, render_profile


class KarpenterGpuNodePool(GpuNodePool):
    """GPU nodes that Karpenter makes in AWS when pods need them: a NodePool and an EC2NodeClass.

    Nodes stay while a pod is on them, and go when they are empty. Karpenter has to be on the
    cluster. Fields: `KarpenterGpuNodePoolArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong, or Karpenter or EC2
    would refuse it.

    >>> pool = KarpenterGpuNodePool("h100", {                      # doctest: +SKIP
    ...     "machine": "p5.48xlarge", "image": "al2023@v20261101", "node_role": "nodes",
    ...     "subnets": [subnet.id], "security_groups": [efa.id], "max_nodes": 4,
    ... })
    >>> ElasticJob("llm", {..., "pool": pool})                     # doctest: +SKIP
    """

    node_pool: pulumi.Output[str]
    """Name of the NodePool, known as soon as it is there."""

    def __init__(
        self,
        name: str,
        args: KarpenterGpuNodePoolArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"KarpenterGpuNodePool {name!r}"
        spec = parse_pool(KarpenterGpuNodePoolArgs, name, args, where)
        super().__init__(
            name, spec, render_profile(name, spec), on_cluster(spec.cluster, opts, where)
        )
        node_class = Manifest(
            f"{name}-class",
            render_node_class(name, spec),
            pulumi.ResourceOptions(parent=self),
        )
        pool = Manifest(
            name,
            render_node_pool(name, spec),
            pulumi.ResourceOptions(parent=self, depends_on=[node_class]),
        )
        self.node_pool = pool.id.apply(lambda _: name)
        self.register_outputs({"node_pool": self.node_pool, "profile": self.profile.to_dict()})
