"""What a user says about Kueue."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import field_validator

from ..spec.names import Label
from ..spec.policy import Seconds
from ..spec.resources import Resources
from .args import Count, OperatorArgs

QueuedKind = Literal["Job", "PyTorchJob", "TFJob", "MPIJob"]
KINDS: tuple[QueuedKind, ...] = get_args(QueuedKind)


class KueueArgs(OperatorArgs):
    """Arguments of `Kueue`; every field has a default."""

    OPERATOR: ClassVar[str] = "kueue"
    SELECTOR: ClassVar[str] = "control-plane"

    namespace: Label = "kueue-system"
    """Namespace of the controller itself; default `"kueue-system"`."""
    kinds: tuple[QueuedKind, ...] = KINDS
    """Kinds that queues hold back, in any order: Job (what an `ElasticJob` of one node becomes),
    PyTorchJob, TFJob and MPIJob; default all. A job of another kind runs at once, whatever its
    `queue` says."""
    version: str = "0.14.0"
    """Release of Kueue; default and only known one: `"0.14.0"`."""
    pods_ready_timeout: Seconds | None = None
    """Seconds within which all pods of an admitted run must be ready, else it gives its quota back
    and queues again; until they are, no other run is admitted. Default: no limit."""
    requests: Resources = Resources(cpu="500m", memory="512Mi")
    """What the scheduler sets aside for each controller pod; default 500m cores, 512Mi."""
    qps: Count = 50
    """Requests per second that the controller sends to the API server; default 50."""
    burst: Count = 100
    """Requests that it may send at once; at least `qps`; default 100."""

    @field_validator("kinds")
    @classmethod
    def _in_order(cls, value: tuple[QueuedKind, ...]) -> tuple[QueuedKind, ...]:
        if not value:
            raise ValueError("got []: name at least one job kind")
        if len(set(value)) != len(value):
            raise ValueError(f"got {list(value)}: a kind is named twice")
        return tuple(kind for kind in KINDS if kind in value)
