"""From a test of the network to the job that does it."""

from __future__ import annotations

from typing import Any

from ..spec.quantity import exact
from .bandwidth_args import BandwidthTestArgs

FUNCTION = "trainstack_runtime.bandwidth:all_reduce"
_AS_JOB = (
    *("attempt", "cluster", "env", "gang", "image", "image_pull_secrets", "namespace", "operator"),
    *("pod_overlay", "pool", "priority", "queue", "resources", "run_name", "timeout"),
)
"""Fields that mean the same in a job."""


def render_bandwidth_job(args: BandwidthTestArgs) -> dict[str, Any]:
    """Arguments of the `ElasticJob`; what fails is not tried again."""
    inputs: dict[str, Any] = {
        "backend": "nccl" if args.gpus else "gloo",
        "iterations": args.iterations,
        "sizes": {size: int(exact(size)) for size in args.sizes},
    }
    if args.min_bus_bandwidth is not None:
        inputs["least"] = args.min_bus_bandwidth
    said = {name: getattr(args, name) for name in _AS_JOB if name in args.model_fields_set}
    return {
        **said,
        "max_restarts": 0,
        "nnodes": args.nodes,
        "nproc_per_node": args.ranks_per_node,
        "program": {"function": FUNCTION, "inputs": inputs},
        "run_policy": {"active_deadline_seconds": args.active_deadline_seconds},
        "wait": "finished",
    }
