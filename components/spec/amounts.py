"""What a pod asks of its node: its own amounts, and those of its pool."""

from __future__ import annotations

from typing import Any

from .fabric import Fabric
from .job_args import JobArgs
from .replica import Replica
from .resources import GPU, Resources, requirements

HUGE_PAGES = "hugepages-2Mi"


def gpus(job: JobArgs, role: Replica) -> int:
    """GPUs of one pod: as many as it asks for, else all of a node of its pool if it trains."""
    pool = job.pool_of(role)
    asked = [amounts.gpu for amounts in _asked(job, role) if amounts.gpu is not None]
    if pool is None:
        return max(asked, default=0)
    if not asked:
        asked = [
            amounts.devices[pool.gpu_resource]
            for amounts in _asked(job, role)
            if pool.gpu_resource in amounts.devices
        ]
    return max(asked, default=pool.gpus if job.trains(role) else 0)


def without_rank(field: str, ranks: int, count: int, remedy: str) -> str | None:
    """What a reviewer is told when pods have more GPUs than the ranks that `field` says."""
    if count <= ranks:
        return None
    said = f"{count} GPUs and {ranks} rank{'s' if ranks > 1 else ''}"
    return f"{field}: each pod has {said}; unless a rank uses several, {remedy}"


def has_whole_node(job: JobArgs, role: Replica) -> bool:
    """Whether one pod has all GPUs of a node of its pool."""
    pool = job.pool_of(role)
    return pool is not None and 0 < pool.gpus == gpus(job, role)


def fabric_of(job: JobArgs, role: Replica) -> Fabric | None:
    """What a role's pods need to use the network cards of their node."""
    pool = job.pool_of(role)
    return pool.fabric if pool is not None and has_whole_node(job, role) else None


def container_resources(job: JobArgs, role: Replica) -> dict[str, Any]:
    """The training container's `resources`."""
    asked = requirements(*role.asked(job.resources))
    pool = job.pool_of(role)
    if pool is None:
        return asked
    count = gpus(job, role)
    more: dict[str, str] = {pool.gpu_resource: str(count)} if count else {}
    if has_whole_node(job, role):
        own = {name for amounts in _asked(job, role) for name in amounts.devices}
        devices = {name: count for name, count in pool.devices.items() if name not in own}
        more |= {name: str(count) for name, count in devices.items() if count}
        if pool.huge_pages is not None:
            more[HUGE_PAGES] = pool.huge_pages
    found = {}
    for kind in ("limits", "requests"):
        rest = {name: amount for name, amount in asked.get(kind, {}).items() if name != GPU}
        found[kind] = dict(sorted((rest | more).items()))
    return {kind: amounts for kind, amounts in found.items() if amounts}


def _asked(job: JobArgs, role: Replica) -> list[Resources]:
    return [amounts for amounts in role.asked(job.resources) if amounts is not None]
