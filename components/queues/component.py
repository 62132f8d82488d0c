"""`Queue`: lets runs start when there is room for all their pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..cluster_provider import on_cluster
from ..kube import Manifest
from ..spec.model import parse
from ..spec.queue import NamedQueue
from .args import QueueArgs
from .render import flavor_name, render_queue


class Queue(NamedQueue):
    """A Kueue queue: quotas of node pools, shared out among the runs of some namespaces.

    Give it to a job as `queue`: the job is made suspended, and all its pods start together once
    its quota has room. Fields: `QueueArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> gpus = Queue("gpus", {                                               # doctest: +SKIP
    ...     "pools": [{"name": "a100", "node_selector": {"gpu": "a100"},
    ...                "quota": {"cpu": 96, "memory": "1Ti", "gpu": 8}}],
    ... })
    >>> ElasticJob("digits", {..., "queue": gpus})                           # doctest: +SKIP
    """

    flavors: pulumi.Output[dict[str, str]]
    """Names of the ResourceFlavors, by pool."""

    def __init__(
        self,
        name: str,
        args: QueueArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"Queue {name!r}"
        spec = parse(QueueArgs, args, where)
        called = spec.name or _as_name(name, where)
        super().__init__(
            "trainstack:index:Queue",
            name,
            _summary(spec, called),
            on_cluster(spec.cluster, opts, where),
        )
        needs = [spec.operator] if spec.operator is not None else []
        for key, manifest in render_queue(spec, called).items():
            options = pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, depends_on=list(needs)
            )
            child = Manifest(f"{name}-{key}", manifest, options)
            if manifest["kind"] != "LocalQueue":
                needs.append(child)
        # Afterwards, as a resource takes its inputs for outputs of the same name.
        self.queue_name = called
        self.queue_namespaces = spec.namespaces
        self.queue_quotas = (
            {pool.name: pool.quota.to_kube() for pool in spec.pools}
            if spec.cohort is None
            else None
        )
        self.flavors = pulumi.Output.from_input(
            {pool.name: flavor_name(pool, called) for pool in spec.pools}
        )
        self.register_outputs({"flavors": self.flavors, "queue_name": called})


def _as_name(name: str, where: str) -> str:
    """The logical name as a queue's.

    Raises `TrainstackError` when it cannot be one.
    """
    pool = {"name": "any", "quota": {"cpu": 1, "memory": 1}}
    found = parse(QueueArgs, {"name": name, "pools": [pool]}, f"{where}: logical name")
    return str(found.name)


def _summary(spec: QueueArgs, called: str) -> dict[str, Any]:
    """Flat and sorted: what a reviewer reads in the preview."""
    said = spec.model_dump(mode="json", exclude_defaults=True, exclude={"cluster", "operator"})
    pools = {
        pool.name: ", ".join(f"{key} {amount}" for key, amount in pool.quota.to_kube().items())
        for pool in spec.pools
    }
    summary = {**said, "name": called, "namespaces": list(spec.namespaces), "pools": pools}
    return dict(sorted(summary.items()))
