"""The pods that a manifest of any kind makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from .finding import NotYetKnownError, items, mapping, number

_LISTS = ("initContainers", "containers", "ephemeralContainers")
_COUNTS = ("replicas", "parallelism", "maxReplicas")
_HOLD_PODS = ("spec", "specs", "template")
_WORKER = "pytorchReplicaSpecs.Worker."


@dataclass(frozen=True)
class Pods:
    """The pods that come from one pod spec."""

    path: str
    """Where the pod spec is in the manifest."""
    spec: Mapping[str, Any]
    metadata: Any
    """What is beside the pod spec, known or not."""
    holders: tuple[Mapping[str, Any], ...]
    """What may say how many: whatever holds the pod spec or a template that it is in."""

    def containers(self, *lists: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Path and spec of each container; of all kinds of containers unless named.

        Raises `NotYetKnownError` when preview does not know them.
        """
        for name in lists or _LISTS:
            for index, container in enumerate(items(self.spec.get(name))):
                yield f"{self.path}.{name}[{index}]", mapping(container)

    @property
    def most(self) -> int:
        """How many there are at once, at most.

        Raises `NotYetKnownError` when preview does not know it.
        """
        return prod(map(_most_of, self.holders))


def pods(manifest: Mapping[str, Any]) -> list[Pods]:
    """Every pod spec in a manifest, wherever its kind keeps it.

    Raises `NotYetKnownError` when preview does not know what it would be in.
    """
    elastic = mapping(mapping(manifest.get("spec")).get("elasticPolicy"))
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
    if isinstance(spec, Mapping) and _is_pod(spec):
        yield Pods(f"{path}.spec".lstrip("."), spec, value.get("metadata"), (*holders, value))
        return
    for key, item in value.items():
        if item == UNKNOWN and key.lower().endswith(_HOLD_PODS):
            raise NotYetKnownError
        above = (*holders, value) if key == "template" else holders
        yield from _within(item, f"{path}.{key}".lstrip("."), above)


def _is_pod(spec: Mapping[str, Any]) -> bool:
    containers = spec.get("containers")
    return isinstance(containers, list) or containers == UNKNOWN


def _most_of(holder: Mapping[str, Any]) -> int:
    said = [number(holder[name]) for name in _COUNTS if holder.get(name) is not None]
    return max(said, default=1)
