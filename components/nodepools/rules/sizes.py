"""Sizes of pools that no cloud accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rule import Rule

if TYPE_CHECKING:
    from ..gpu_pool_args import GpuPoolArgs

_SCALING = "https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html"


def _least(args: GpuPoolArgs) -> int:
    least: int = getattr(args, "min_nodes", 0)
    return least


def _size_outside(args: GpuPoolArgs) -> bool:
    size = getattr(args, "size", None)
    return size is not None and not _least(args) <= size <= args.max_nodes


SIZE_RULES: tuple[Rule[GpuPoolArgs], ...] = (
    Rule(
        name="min-above-max",
        field="min_nodes",
        broken_by=lambda args: _least(args) > args.max_nodes,
        reason="is above max_nodes",
        remedy="lower it, or raise max_nodes",
        source=_SCALING,
    ),
    Rule(
        name="size-outside",
        field="size",
        broken_by=_size_outside,
        reason="lies outside of min_nodes and max_nodes",
        remedy="choose a size between them",
        source=_SCALING,
    ),
)
