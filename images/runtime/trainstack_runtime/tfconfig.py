"""Which task of a TensorFlow cluster this pod is, as the operator's `TF_CONFIG` tells."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .settings import SettingsError

EVALUATOR = "evaluator"
TRAINERS = ("chief", "worker")
SERVERS = ("ps", "worker")
"""Tasks that only serve when there are parameter servers."""


@dataclass(frozen=True)
class Task:
    """One task; without a cluster it is the only one."""

    type: str = "worker"
    index: int = 0
    cluster: Mapping[str, list[str]] = field(default_factory=dict)
    """Addresses by type, without the evaluator's, which takes no part in the training."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Task:
        """Read and check `TF_CONFIG`.

        Raises `SettingsError` when it is no description of a cluster and a task in it.
        """
        text = env.get("TF_CONFIG")
        if not text:
            return cls()
        try:
            said = json.loads(text)
            cluster = {name: list(hosts) for name, hosts in said["cluster"].items()}
            task = cls(str(said["task"]["type"]), int(said["task"]["index"]), cluster)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SettingsError(f"TF_CONFIG: got {text!r}: {error!r}") from None
        if task.type != EVALUATOR and not 0 <= task.index < len(cluster.get(task.type, ())):
            raise SettingsError(f"TF_CONFIG: its cluster has no {task.type} {task.index}")
        return cls(task.type, task.index, {k: v for k, v in cluster.items() if k != EVALUATOR})

    @property
    def served(self) -> bool:
        """Whether parameter servers hold the model, so that workers do what the chief tells."""
        return bool(self.cluster.get("ps"))

    @property
    def serves(self) -> bool:
        """Whether this task runs no program but TensorFlow's own server."""
        return self.served and self.type in SERVERS

    @property
    def peers(self) -> list[str]:
        """Addresses of the other tasks that have to be there before this one begins."""
        if self.type == EVALUATOR or self.serves:
            return []
        types = SERVERS if self.served else TRAINERS
        hosts = [(name, host) for name in types for host in enumerate(self.cluster.get(name, ()))]
        return [host for name, (index, host) in hosts if (name, index) != (self.type, self.index)]

    @property
    def world_size(self) -> int:
        """Processes that compute gradients."""
        types = ("worker",) if self.served else TRAINERS
        return sum(len(self.cluster.get(name, ())) for name in types) or 1

    @property
    def nodes(self) -> int:
        """Pods that take part in the training."""
        return sum(map(len, self.cluster.values())) or 1

    @property
    def rank(self) -> int:
        """0 for the task whose success is the run's; the evaluator comes after all others."""
        if self.type == EVALUATOR:
            return self.nodes + self.index
        if self.type == "chief":
            return 0
        return self.index + len(self.cluster.get("chief", ()))

    def config(self) -> str:
        """`TF_CONFIG` for the program."""
        task = {"type": self.type, "index": self.index}
        said: dict[str, Any] = {"cluster": dict(self.cluster), "task": task}
        return json.dumps(said)
