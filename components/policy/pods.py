"""The pods that a manifest of any kind makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .finding import number

_LISTS = ("initContainers", "containers", "ephemeralContainers")
_COUNTS = ("replicas", "parallelism", "maxReplicas")
_WORKER = "pytorchReplicaSpecs.Worker."


@dataclass(frozen=True)
class Pods:
    """The pods that come from one pod spec."""

    path: str
    """Where the pod spec is in the manifest."""
    spec: Mapping[str, Any]
    annotations: Mapping[str, Any]
    holders: tuple[Mapping[str, Any], ...]
    """What holds the template, and what holds that one's template, if any."""

    def containers(self, *lists: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Path and spec of each container; of all kinds of containers unless named."""
        for name in lists or _LISTS:
            for index, container in enumerate(self.spec.get(name) or ()):
                yield f"{self.path}.{name}[{index}]", container

    @property
    def most(self) -> int:
        """How many there are at once, at most.

        Raises `NotYetKnownError` when preview does not know it.
        """
        return prod(map(_most_of, self.holders))


def pods(manifest: Mapping[str, Any]) -> list[Pods]:
    """Every pod spec in a manifest, wherever its kind keeps it."""
    elastic = (manifest.get("spec") or {}).get("elasticPolicy") or {}
    return [
        replace(role, holders=({**elastic, **role.holders[0]},)) if _WORKER in role.path else role
        for role in _within(manifest, "", ())
    ]


def _within(value: Any, path: str, holders: tuple[Mapping[str, Any], ...]) -> Iterator[Pods]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(item, f"{path}[{index}]", holders)
    if not isinstance(value, Mapping):
        return
    spec = value.get("spec")
    if isinstance(spec, Mapping) and isinstance(spec.get("containers"), list):
        annotations = (value.get("metadata") or {}).get("annotations") or {}
        yield Pods(f"{path}.spec".lstrip("."), spec, annotations, holders)
        return
    for key, item in value.items():
        above = (*holders, value) if key == "template" else holders
        yield from _within(item, f"{path}.{key}".lstrip("."), above)


def _most_of(holder: Mapping[str, Any]) -> int:
    said = [number(holder[name]) for name in _COUNTS if holder.get(name) is not None]
    return max(said, default=1)
