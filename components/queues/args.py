"""What a user says about a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pulumi
from pydantic import BeforeValidator, Field, field_validator, model_validator

from ..spec.cluster import Cluster
from ..spec.model import Args
from ..spec.names import Label, LabelKey, LabelValue, Namespace, QueueName, Subdomain
from ..spec.resources import Resources
from ..spec.toleration import Toleration
from .of_pool import pool_of

HOSTNAME = "kubernetes.io/hostname"


class QueuePool(Args):
    """Nodes that a queue's runs go to, and how much of them the queue has.

    >>> QueuePool(name="a100", node_selector={"gpu": "a100"},
    ...           quota={"cpu": 96, "memory": "1Ti", "gpu": 8}).quota.gpu
    8
    """

    name: Label
    """The pool's name within the queue."""
    quota: Resources
    """What the queue's runs may ask for at a time on these nodes, of all their pods. It must have
    cpu and memory; of what it does not name, no run of the queue can ask for any here."""
    node_selector: dict[LabelKey, LabelValue] = {}
    """Labels of the nodes, which a run's pods then ask for; default: any node."""
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=8)] = ()
    """Taints of the nodes, which a run's pods then put up with, at most 8; default: none."""
    flavor: Subdomain | None = None
    """Name of a ResourceFlavor that is there already, for example another queue's of the same
    `cohort`; excludes `node_selector` and `tolerations`. Default: one is made,
    `<queue>-<pool>`."""

    @field_validator("quota")
    @classmethod
    def _covers(cls, value: Resources) -> Resources:
        for name in ("cpu", "memory"):
            if getattr(value, name) is None:
                raise ValueError(
                    f"{name}: required: a queue admits no pod that asks for what it has no quota of"
                )
        return value

    @model_validator(mode="after")
    def _one_flavor(self) -> QueuePool:
        for name in ("node_selector", "tolerations"):
            if self.flavor is not None and getattr(self, name):
                raise ValueError(f"{name}: said by the flavor {self.flavor!r} already")
        return self


class QueueArgs(Args):
    """Arguments of `Queue`."""

    name: QueueName | None = None
    """What jobs say as `queue`, at most 63 characters; default: the logical name."""
    namespaces: tuple[Namespace, ...] = ("default",)
    """Namespaces whose jobs may use it, which must exist; default `default`."""
    pools: Annotated[
        tuple[Annotated[QueuePool, BeforeValidator(pool_of)], ...],
        Field(max_length=64),
    ]
    """Where its runs go, in the order in which room is looked for: dicts, or what jobs take as
    `pool`, all nodes of which are the quota then. All pods of one role go to one pool, so name a
    pool without GPUs first, and what asks for none leaves GPU nodes alone."""
    strategy: Literal["BestEffortFIFO", "StrictFIFO"] = "BestEffortFIFO"
    """Whether a later run that fits may overtake one that does not (`"BestEffortFIFO"`, default) or
    waits behind it (`"StrictFIFO"`). A higher `priority` always goes first."""
    preemption: Literal["Never", "LowerPriority"] = "Never"
    """Whether a run that waits stops running ones of a lower priority, which queue again and resume
    from their checkpoints; default `"Never"`."""
    cohort: Subdomain | None = None
    """Queues of one cohort use each other's idle quota of the same flavors; default: none."""
    reclaim: Literal["Never", "LowerPriority", "Any"] = "Never"
    """Which runs of other queues in the cohort are stopped to get lent quota back: none (default),
    those of a lower priority, or any."""
    stop_policy: Literal["None", "Hold", "HoldAndDrain"] = "None"
    """`"Hold"` admits no further run, `"HoldAndDrain"` also stops those that run, which queue
    again; default `"None"`."""
    topology: Annotated[tuple[LabelKey, ...], Field(max_length=16)] = ()
    """Labels of the nodes that tell where they are, the widest first, for example a block's, a
    rack's, and `kubernetes.io/hostname`; pods are then counted by node. Default: none."""
    labels: dict[LabelKey, LabelValue] = {}
    """Labels of every object; default: none."""
    operator: pulumi.Resource | None = None
    """The `Kueue` that runs it; default: the cluster brings its own."""
    cluster: Cluster | None = None
    """The cluster it is in; default: the provider's, or the current context."""

    @field_validator("namespaces", "pools")
    @classmethod
    def _some(cls, value: Sequence[Any]) -> Sequence[Any]:
        if not value:
            raise ValueError("got []: name at least one")
        return value

    @field_validator("namespaces", "topology")
    @classmethod
    def _no_doubles(cls, value: Sequence[str]) -> Sequence[str]:
        if double := _first_double(value):
            raise ValueError(f"{double!r} is given twice")
        return value

    @field_validator("topology")
    @classmethod
    def _hosts_last(cls, value: Sequence[str]) -> Sequence[str]:
        if HOSTNAME in value[:-1]:
            raise ValueError(f"{HOSTNAME!r} must be the last, as nothing is narrower than a node")
        return value

    @model_validator(mode="after")
    def _agrees(self) -> QueueArgs:
        if double := _first_double([pool.name for pool in self.pools]):
            raise ValueError(f"pools: two are named {double!r}")
        if self.reclaim != "Never" and self.cohort is None:
            raise ValueError(
                f"reclaim: got {self.reclaim!r}, but no cohort is given: nothing is lent"
            )
        for index, pool in enumerate(self.pools):
            if pool.flavor is not None or pool.node_selector:
                continue
            at = f"pools[{index}].node_selector: required"
            if self.topology:
                raise ValueError(f"{at} with topology, which looks only at nodes that it names")
            if len(self.pools) > 1:
                raise ValueError(f"{at} with several pools, to tell their nodes apart")
        return self


def _first_double(values: Sequence[str]) -> str | None:
    return next((one for index, one in enumerate(values) if one in values[:index]), None)
