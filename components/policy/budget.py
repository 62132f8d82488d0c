"""What a whole stack may take, counted over the manifests of all of its objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .finding import Config, Finding, Findings, mapping, number
from .pods import Pods, pods

Manifests = Mapping[str, Mapping[str, Any]]


def within_gpus(manifests: Manifests, config: Config) -> Findings:
    """More GPUs at once than `config["maxGpus"]`."""
    yield from _within("GPUs", _gpus(manifests), config["maxGpus"])


def within_cost(manifests: Manifests, config: Config) -> Findings:
    """More money an hour than `maxPerHour`, or until all deadlines than `maxTotal`."""
    gpus, price = _gpus(manifests), config.get("pricePerGpuHour")
    if not gpus:
        return
    if price is None:
        yield Finding("cost", "unknown", "give pricePerGpuHour; no budget can be kept without")
        return
    if "maxPerHour" in config:
        hourly = {name: count * price for name, count in gpus.items()}
        yield from _within("cost per hour", hourly, config["maxPerHour"])
    if "maxTotal" in config:
        hours = {name: _hours(manifests[name]) for name in gpus}
        for name in sorted(name for name, limit in hours.items() if limit is None):
            yield Finding(
                f"cost of {_short(name)}",
                "unknown",
                "give a deadline; no budget can be kept without",
            )
        total = {name: gpus[name] * price * limit for name, limit in hours.items() if limit}
        yield from _within("cost in all", total, config["maxTotal"])


def gpus_of(manifest: Mapping[str, Any]) -> int:
    """GPUs that an object's pods take at once, at most.

    Raises `NotYetKnownError` when preview does not know it.
    """
    return sum(count * role.most for role in pods(manifest) if (count := _gpus_of_pod(role)))


def _gpus(manifests: Manifests) -> dict[str, int]:
    """GPUs of those that take any."""
    counts = {name: gpus_of(manifest) for name, manifest in manifests.items()}
    return {name: count for name, count in counts.items() if count}


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
