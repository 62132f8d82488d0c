"""What the steps of a benchmark take of a control plane."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kubernetes import client, config
from rich.table import Column, Table

from tests.support.bare_cluster import BareCluster


@dataclass
class Stopwatch:
    """Seconds, writes to the store and processor time of each step."""

    cluster: BareCluster
    steps: list[tuple[str, int, float, int, dict[str, float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.core = client.CoreV1Api(
            config.new_client_from_config(str(self.cluster.api.kubeconfig))
        )

    @contextmanager
    def step(self, name: str, things: int) -> Iterator[None]:
        """Measure a block that is about so many things."""
        start, writes, used = time.monotonic(), self._writes(), self._used()
        yield
        self.cluster.processes.check()
        seconds = time.monotonic() - start
        after = self._used()
        taken = {one: after[one] - used.get(one, 0.0) for one in after}
        self.steps.append((name, things, seconds, self._writes() - writes, taken))

    def _writes(self) -> int:
        """The store counts them."""
        return int(self.core.list_namespace(limit=1).metadata.resource_version)

    def _used(self) -> dict[str, float]:
        processes, children = self.cluster.processes, resource.getrusage(resource.RUSAGE_CHILDREN)
        others = children.ru_utime + children.ru_stime - sum(processes.ended.values())
        return {**processes.cpu_seconds(), "pulumi": others}

    def times(self, title: str) -> Table:
        """How long each step took."""
        table = Table("step", "seconds", "a second", "writes a second", title=title)
        for step, things, seconds, writes, _ in self.steps:
            rates = (f"{things / seconds:.1f}", f"{writes / seconds:.0f}")
            table.add_row(step, f"{seconds:.1f}", *rates)
        return table

    def processors(self) -> Table:
        """Which program used them."""
        programs = sorted({name for *_, taken in self.steps for name in taken})
        steps = [step for step, *_ in self.steps]
        table = Table(Column("processor seconds", no_wrap=True), *steps)
        for name in programs:
            table.add_row(name, *(f"{taken.get(name, 0.0):.0f}" for *_, taken in self.steps))
        return table
