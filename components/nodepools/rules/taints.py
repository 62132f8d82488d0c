"""Taints and labels that no cloud accepts, or that keep the pool's own programs off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..taint import tolerated
from .rule import Rule

if TYPE_CHECKING:
    from ..gpu_pool_args import GpuPoolArgs

OURS = "trainstack.dev/"


def _twice(args: GpuPoolArgs) -> bool:
    found = [(taint.key, taint.effect) for taint in args.taints]
    return len(set(found)) < len(found)


def _locks_out(args: GpuPoolArgs) -> bool:
    return any(
        not tolerated(taint, args.device_plugin_tolerations)
        for taint in args.taints
        if taint.effect != "PreferNoSchedule"
    )


def has_prefix(args: GpuPoolArgs, *domains: str) -> bool:
    """Whether a label is in one of the domains or below."""
    prefixes = [key.partition("/")[0] for key in args.labels if "/" in key]
    return any(
        prefix == domain or prefix.endswith(f".{domain}")
        for prefix in prefixes
        for domain in domains
    )


TAINT_RULES: tuple[Rule[GpuPoolArgs], ...] = (
    Rule(
        name="taint-twice",
        field="taints",
        broken_by=_twice,
        reason="a node has a taint of the same key and effect once",
        remedy="leave one of them",
        source="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/",
    ),
    Rule(
        name="taint-locks-out-device-plugin",
        field="taints",
        broken_by=_locks_out,
        reason="would keep the GPU device plugin off, and nodes without it have no GPUs to give",
        remedy="let the plugin's pods tolerate it and say so in device_plugin_tolerations",
        source="https://github.com/NVIDIA/k8s-device-plugin/blob/main/deployments/helm/"
        "nvidia-device-plugin/values.yaml",
    ),
    Rule(
        name="label-of-trainstack",
        field="labels",
        broken_by=lambda args: has_prefix(args, OURS.rstrip("/")),
        reason=f"labels under {OURS} are how jobs find the pool",
        remedy="use another prefix",
        source="docs/pools.md",
    ),
)
