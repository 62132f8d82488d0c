"""What a preview does to training runs: the data behind a review comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Effect(str, Enum):
    """What happens to a run, the most important first."""

    RESTARTS = "restarts"
    STOPS = "stops"
    STARTS = "starts"
    CHANGES = "changes in place"
    KEEPS = "unchanged"

    @property
    def rank(self) -> int:
        """0 for the most important."""
        return list(Effect).index(self)


@dataclass(frozen=True)
class Run:
    """One run, before or after the change."""

    job_name: str | None
    """Name of its object; None while its version is unknown."""
    gpus: int | None
    """GPUs of all its pods (of an elastic run: at most); None when unknown."""
    nodes: int | str | None
    """Nodes, or `"min:max"`; None when unknown."""
    per_hour: float | None = None
    """US dollars an hour; None when unknown."""
    at_deadline: float | None = None
    """US dollars until its deadline; None when unknown, as without a deadline."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a job, by its path: `hyperparameters.lr`."""

    path: str
    before: str | None
    """None: not said."""
    after: str | None
    """None: no longer said."""


@dataclass(frozen=True)
class JobChange:
    """What happens to the run of one job component."""

    name: str
    kind: str
    effect: Effect
    before: Run | None
    after: Run | None
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Pool:
    """A pool of nodes, before or after the change."""

    machine: str
    max_nodes: int
    gpus: int
    """GPUs of all its nodes, at most."""
    per_hour: float | None
    """US dollars an hour of all its nodes, at most; None when unknown."""


@dataclass(frozen=True)
class PoolChange:
    """What happens to one pool of nodes."""

    name: str
    kind: str
    operation: str
    """`replace`, `delete`, `create` or `update`."""
    before: Pool | None
    after: Pool | None
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class OtherChange:
    """A changed resource that is no job and part of none."""

    operation: str
    """`replace`, `delete`, `create` or `update`."""
    type: str
    name: str


@dataclass(frozen=True)
class Finding:
    """One violation of a policy."""

    policy: str
    level: str
    """`mandatory`, `remediate` or `advisory`."""
    resource: str
    """Logical name; empty for the stack as a whole."""
    message: str


@dataclass(frozen=True)
class StackChange:
    """What a preview says of one stack, each list with the most important first."""

    name: str
    failed: bool
    """The preview failed; what it had not come to is missing here."""
    complete: bool
    """Unchanged runs are listed too (`--show-sames`), so that totals are those of the stack."""
    jobs: tuple[JobChange, ...]
    others: tuple[OtherChange, ...]
    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    pools: tuple[PoolChange, ...] = ()
    """Pools of nodes that change."""

    @property
    def changed(self) -> bool:
        """Whether any run starts, restarts, stops or changes in place."""
        return any(job.effect is not Effect.KEEPS for job in self.jobs)

    @property
    def gpus(self) -> tuple[int, int]:
        """GPUs of all listed runs, before and after."""
        return _gpus(job.before for job in self.jobs), _gpus(job.after for job in self.jobs)


@dataclass(frozen=True)
class Review:
    """What a change does to all stacks that it touches."""

    stacks: tuple[StackChange, ...]

    @property
    def failed(self) -> bool:
        """Whether any preview failed."""
        return any(stack.failed for stack in self.stacks)

    @property
    def changed(self) -> bool:
        """Whether anything happens to any run."""
        return any(stack.changed for stack in self.stacks)

    @property
    def effects(self) -> dict[Effect, int]:
        """How many runs meet which effect, the most important first."""
        counted = Counter(job.effect for stack in self.stacks for job in stack.jobs)
        return {effect: counted[effect] for effect in Effect if counted[effect]}

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "changed": self.changed,
            "failed": self.failed,
            "runs": {effect.value: count for effect, count in self.effects.items()},
            "stacks": [
                {**asdict(stack), "gpus": dict(zip(("before", "after"), stack.gpus, strict=True))}
                for stack in self.stacks
            ],
        }


def _gpus(runs: Iterable[Run | None]) -> int:
    return sum(run.gpus or 0 for run in runs if run is not None)
