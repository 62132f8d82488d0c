"""What a whole stack may take, counted over the manifests of all of its objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .finding import Config, Finding, Findings, mapping, number
from .pods import Pods, pods

Stack = Mapping[str, Mapping[str, Any]]
"""Manifests, and the outputs of the jobs that made them, by URN."""


def within_gpus(stack: Stack, config: Config) -> Findings:
    """More GPUs at once than `config["maxGpus"]`."""
    yield from _within("GPUs", _gpus(stack), config["maxGpus"])


def within_cost(stack: Stack, config: Config) -> Findings:
    """More money an hour than `maxPerHour`, or until all deadlines than `maxTotal`.

    A GPU costs what the pool of its run says, else `pricePerGpuHour`.
    """
    gpus, hourly = _gpus(stack), {}
    for name, count in gpus.items():
        price = _price(stack, name, config.get("pricePerGpuHour"))
        if price is None:
            yield Finding(
                f"cost of {_short(name)}",
                "unknown",
                "give its pool a price_per_hour, or pricePerGpuHour; no budget can be kept without",
            )
        else:
            hourly[name] = count * price
    if "maxPerHour" in config:
        yield from _within("cost per hour", hourly, config["maxPerHour"])
    if "maxTotal" in config:
        hours = {name: _hours(stack[name]) for name in hourly}
        for name in sorted(name for name, limit in hours.items() if limit is None):
            yield Finding(
                f"cost of {_short(name)}",
                "unknown",
                "give a deadline; no budget can be kept without",
            )
        total = {name: hourly[name] * limit for name, limit in hours.items() if limit}
        yield from _within("cost in all", total, config["maxTotal"])


def gpus_of(manifest: Mapping[str, Any]) -> int:
    """GPUs that an object's pods take at once, at most.

    Raises `NotYetKnownError` when preview does not know it.
    """
    return sum(count * role.most for role in pods(manifest) if (count := _gpus_of_pod(role)))


def _gpus(stack: Stack) -> dict[str, int]:
    """GPUs of the manifests that take any."""
    counts = {name: gpus_of(one) for name, one in stack.items() if "job_name" not in one}
    return {name: count for name, count in counts.items() if count}


def _price(stack: Stack, name: str, otherwise: float | None) -> float | None:
    """What a GPU of an object costs an hour: by its job's output `cost`, which may not say."""
    types, _, logical = name.rpartition("::")
    job = stack.get(f"{types.rpartition('$')[0]}::{logical}", {})
    cost = mapping(job.get("cost"))
    return cost["per_hour"] / cost["gpus"] if "per_hour" in cost else otherwise


def _within(what: str, amounts: Mapping[str, float], most: float) -> Findings:
    total = sum(amounts.values())
    if total > most:
        each = sorted((_short(name), amount) for name, amount in amounts.items())
        parts = ", ".join(f"{name} {amount:g}" for name, amount in each)
        yield Finding(what, total, f"must be at most {most:g}; {parts}")


def _short(name: str) -> str:
    """The logical name in a URN."""
    return name.rpartition("::")[2]


def _gpus_of_pod(role: Pods) -> int:
    """What Kubernetes sets aside: the sum of the containers, or an init container's more."""
    running = sum(_gpus_of_container(one) for _, one in role.containers("containers"))
    before = (_gpus_of_container(one) for _, one in role.containers("initContainers"))
    return max(running, *before, 0)


def _gpus_of_container(container: Mapping[str, Any]) -> int:
    limits = mapping(mapping(container.get("resources")).get("limits"))
    return sum(number(amount) for name, amount in limits.items() if name.endswith("/gpu"))


def _hours(manifest: Mapping[str, Any]) -> float | None:
    spec = mapping(manifest.get("spec"))
    seconds = (mapping(spec.get("runPolicy")) or spec).get("activeDeadlineSeconds")
    return None if seconds is None else number(seconds) / 3600
