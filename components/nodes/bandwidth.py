"""`BandwidthTest`: how fast nodes reduce among each other, before anything trains on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..pytorch import ElasticJob
from ..spec.image import reference
from ..spec.model import parse
from ..spec.pool import PoolProfile
from .bandwidth_args import BandwidthTestArgs
from .bandwidth_render import render_bandwidth_job


class BandwidthTest(pulumi.ComponentResource):
    """An `ElasticJob` that reduces over all ranks of some nodes, by NCCL where they have GPUs.

    `up` waits for it, and fails when a sum is wrong or the best bus bandwidth is below
    `min_bus_bandwidth`. Jobs that take it as their `pool` run in the pool that it has tested, and
    do not start before. It runs again when what was said of it changes, or with another
    `attempt`. Bus bandwidth is `size / time * 2(n-1)/n` of
    n ranks, as in doc/PERFORMANCE.md of NVIDIA/nccl-tests. Fields: `BandwidthTestArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> test = BandwidthTest("links", {                            # doctest: +SKIP
    ...     "image": "registry.example/train:1.0", "pool": pool, "nodes": 2,
    ...     "min_bus_bandwidth": 300,
    ... })
    >>> ElasticJob("llm", {..., "pool": test})                     # doctest: +SKIP
    """

    job: ElasticJob
    """The job that tests."""
    profile: PoolProfile
    """The pool that was tested, if one was named: what jobs are told that take this as `pool`."""
    backend: pulumi.Output[str]
    """`"nccl"` or `"gloo"`."""
    ranks: pulumi.Output[int]
    """How many ranks took part."""
    bus_bandwidth: pulumi.Output[dict[str, float]]
    """GB/s (10^9 bytes) by size, of the slowest rank."""
    best: pulumi.Output[float]
    """The largest of them."""
    worst: pulumi.Output[float]
    """The smallest of them."""

    def __init__(
        self,
        name: str,
        args: BandwidthTestArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"BandwidthTest {name!r}"
        spec = parse(BandwidthTestArgs, args, where)
        super().__init__("trainstack:index:BandwidthTest", name, _summary(spec), opts)
        self.job = ElasticJob(name, render_bandwidth_job(spec), pulumi.ResourceOptions(parent=self))
        if spec.pool is not None:
            self.profile = spec.pool
        found = self.job.result
        self.backend = found["backend"]
        self.ranks = found["ranks"].apply(int)
        self.bus_bandwidth = found["bus_bandwidth"]
        self.best = self.bus_bandwidth.apply(lambda measured: max(measured.values()))
        self.worst = self.bus_bandwidth.apply(lambda measured: min(measured.values()))
        self.register_outputs(
            {
                "backend": self.backend,
                "best": self.best,
                "bus_bandwidth": self.bus_bandwidth,
                "ranks": self.ranks,
                "worst": self.worst,
            }
        )


def _summary(spec: BandwidthTestArgs) -> dict[str, Any]:
    """Flat and sorted: what a reviewer reads in the preview."""
    summary = {
        "image": reference(spec.image),
        "min_bus_bandwidth": spec.min_bus_bandwidth,
        "nodes": spec.nodes,
        "nproc_per_node": spec.ranks_per_node,
        "pool": spec.pool and spec.pool.name,
        "sizes": list(spec.sizes),
    }
    return {key: value for key, value in summary.items() if value is not None}
