"""A queue's pool from what jobs know of one: all its nodes are the quota."""

from __future__ import annotations

from typing import Any

from ..spec.pool import PoolProfile
from ..spec.quantity import canonical, exact
from ..spec.resources import GPU


def pool_of(value: Any) -> Any:
    """What is said of a queue's pool: a profile's, or a pool's that has one, spelled out.

    Raises `ValueError` when the profile does not say how much there is.
    """
    profile = getattr(value, "profile", value)
    if not isinstance(profile, PoolProfile):
        return value
    return {
        "name": profile.name,
        "node_selector": dict(profile.node_selector),
        "tolerations": tuple(profile.tolerations),
        "quota": _quota(profile),
    }


def _quota(profile: PoolProfile) -> dict[str, Any]:
    nodes, cpu, memory = profile.max_nodes, profile.cpu, profile.memory
    if nodes is None or cpu is None or memory is None:
        known = {"max_nodes": nodes, "cpu": cpu, "memory": memory}
        missing = ", ".join(name for name, value in known.items() if value is None)
        raise ValueError(
            f"of the pool {profile.title} {missing} is not known, so that there is no quota; say "
            "it there, or give a dict with quota"
        )
    devices = {name: nodes * count for name, count in profile.devices.items()}
    gpus = nodes * profile.gpus
    if profile.gpu_resource != GPU and gpus:
        devices[profile.gpu_resource] = gpus
    return {
        "cpu": canonical(f"{int(nodes * exact(cpu) * 1000)}m"),
        "memory": _in_bytes(nodes * int(exact(memory))),
        "devices": devices,
        **({"gpu": gpus} if profile.gpu_resource == GPU and gpus else {}),
    }


def _in_bytes(count: int) -> str:
    """With a binary suffix where it is whole."""
    return canonical(f"{count // 1024}Ki") if count % 1024 == 0 else str(count)
