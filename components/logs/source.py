"""One container of a run's pods that prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..status import Look
from ..status.look import container_statuses
from ..status.roles import INDEX, POD, role_of

_SUFFIX = 5


@dataclass(frozen=True)
class Source:
    """A container, from one of its starts to its end."""

    pod: str
    uid: str
    container: str
    role: str
    index: str
    """Of the pod within its role; for roles without, the end of the pod's name."""
    start: int
    """0 for the container's first start in its pod."""
    alone: bool
    """Whether it is the pod's training container."""

    @property
    def label(self) -> str:
        """What stands before its lines: `worker-1`, `worker-1#2` after two restarts."""
        named = f"{self.role}-{self.index}" + ("" if self.alone else f"/{self.container}")
        return f"{named}#{self.start}" if self.start else named


@dataclass(frozen=True)
class Printing:
    """A source, and whether more may come from it."""

    source: Source
    running: bool
    previous: bool
    """Whether it is the start before the container's newest."""
    ranks: range | None = None
    """The ranks in it, as far as its pod tells; the launch runtime tells more as it starts."""


def printing(look: Look) -> Iterator[Printing]:
    """The containers that have started, with the start before when they were started again."""
    training = look.containers
    for pod in sorted(look.pods, key=lambda pod: str(pod["metadata"]["name"])):
        for status in container_statuses(pod):
            state = status.get("state") or {}
            starts = int(status.get("restartCount") or 0)
            of = _of(pod, status["name"], alone=status["name"] in training)
            ranks = _ranks(pod, status["name"])
            if starts:
                yield Printing(Source(**of, start=starts - 1), False, True, ranks)
            if "running" in state or "terminated" in state:
                yield Printing(Source(**of, start=starts), "running" in state, False, ranks)


def _of(pod: dict[str, Any], container: str, *, alone: bool) -> dict[str, Any]:
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    role = role_of(pod)
    index = labels.get(INDEX) if role != POD else None
    return {
        "pod": metadata["name"],
        "uid": metadata.get("uid") or "",
        "container": container,
        "role": role,
        "index": index if index is not None else metadata["name"][-_SUFFIX:],
        "alone": alone,
    }


def _ranks(pod: dict[str, Any], container: str) -> range | None:
    """The ranks that the operator gave to a node or task whose number is fixed."""
    spec = next(one for one in _containers(pod) if one["name"] == container)
    env = {one["name"]: one.get("value") or "" for one in spec.get("env") or []}
    if "TF_CONFIG" in env:
        return _of_task(env["TF_CONFIG"])
    node, each = env.get("PET_NODE_RANK", ""), env.get("PET_NPROC_PER_NODE", "1")
    if not (node.isdigit() and each.isdigit()):
        return None
    return range(int(node) * int(each), (int(node) + 1) * int(each))


def _of_task(config: str) -> range | None:
    """The rank of a TensorFlow task: the chief's is 0, the workers' follow."""
    try:
        said = json.loads(config)
        kind, index = said["task"]["type"], int(said["task"]["index"])
        first = 1 if said["cluster"].keys() & {"chief", "master"} else 0
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if kind in ("chief", "master"):
        return range(1)
    return range(index + first, index + first + 1) if kind == "worker" else None


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
