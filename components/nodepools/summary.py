"""What a reviewer reads of a pool in the preview."""

from __future__ import annotations

from typing import Any

from .gpu_pool_args import GpuPoolArgs


def pool_summary(args: GpuPoolArgs) -> dict[str, Any]:
    """Flat and sorted: the machine, how many, on which terms, and what they cost."""
    said = args.model_dump(
        mode="python",
        exclude_defaults=True,
        exclude={"cluster", "device_plugin_tolerations", "gpus", "prices", "taints"},
    )
    price = args.node_price
    found = {
        **said,
        "gpus_per_node": args.hardware.gpus,
        "machine": args.hardware.machine,
        "price_per_hour": price,
        "price_per_hour_at_most": None if price is None else round(price * args.max_nodes, 4),
        "taints": [str(taint) for taint in args.taints],
    }
    return {key: value for key, value in sorted(found.items()) if value is not None}
