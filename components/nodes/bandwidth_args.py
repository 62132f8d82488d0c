"""What a user says about a test of the network between nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import pulumi
from pydantic import Field, field_validator, model_validator

from ..pytorch.args import MOST_RANKS
from ..spec.cluster import Cluster
from ..spec.env import Env
from ..spec.gang import Gang
from ..spec.image import JobImage
from ..spec.inputs import In
from ..spec.model import Args
from ..spec.names import Label, Namespace, Subdomain
from ..spec.overlay import PodOverlay
from ..spec.policy import Seconds
from ..spec.pool import POOL, JobPool
from ..spec.quantity import Bytes, exact
from ..spec.queue import JobQueue
from ..spec.replica import MOST_WORKERS
from ..spec.resources import Resources

_FLOAT_BYTES = 4


class BandwidthTestArgs(Args):
    """Arguments of `BandwidthTest`."""

    ALLOWED: ClassVar[Mapping[str, str]] = {
        "operator": "an operator component or another resource",
        "pool": POOL,
        "queue": "the name of a LocalQueue, or a Queue",
    }
    ELSEWHERE: ClassVar[Mapping[str, str]] = {"nnodes": "say nodes"}

    image: JobImage
    """Container image with torch and the launch runtime: a reference, or a `TrainingImage`."""
    pool: JobPool | None = None
    """The nodes that are tested, as a job's `pool`; default: any nodes."""
    nodes: Annotated[int, Field(ge=1, le=MOST_WORKERS, strict=True)] = 2
    """Nodes that take part, 1 to 9999; default 2. More than 1 need the training-operator."""
    nproc_per_node: Annotated[int, Field(ge=1, le=MOST_RANKS, strict=True)] | None = None
    """Ranks a node, 1 to 1024; default: as many as a pod has GPUs, 1 without any."""
    sizes: Annotated[tuple[Bytes, ...], Field(max_length=32)] = ("1Mi", "16Mi", "256Mi")
    """Sizes of what is reduced, each a number of bytes that 4 divides, at most 32; default 1Mi,
    16Mi and 256Mi."""
    iterations: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 20
    """Reductions of each size whose time is taken, after 5 to warm up; default 20."""
    min_bus_bandwidth: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """GB/s (10^9 bytes) that the fastest size has to reach, or else the run fails; default: any."""
    resources: Resources | None = None
    """Requests and limits of each pod; `gpu` as with a job: all of a node of the pool."""
    run_name: Label | None = None
    """First part of the job's name; default: the logical name."""
    namespace: In[Namespace] = "default"
    """Namespace of the job; default `"default"`."""
    image_pull_secrets: list[In[Subdomain]] = []
    """Names of Secrets with registry credentials, in `namespace`."""
    env: Env = {}
    """Environment variables of the ranks, for example of NCCL."""
    pod_overlay: PodOverlay = {}
    """A partial pod template, laid over the pods."""
    queue: JobQueue | None = None
    """Kueue queue that starts it when there is room; default: it starts at once."""
    gang: Gang | None = None
    """Scheduler that starts all its pods together or not at all, as of a job; default: none."""
    priority: Subdomain | None = None
    """PriorityClass of the pods; default: the cluster's."""
    operator: pulumi.Resource | None = None
    """What it needs, for example a `TrainingOperator`; default: the cluster has all."""
    cluster: Cluster | None = None
    """The cluster to run on; default: the provider's, or the current context."""
    active_deadline_seconds: Seconds = 3600
    """Seconds until the run has failed, so that it holds no GPUs for ever; default 3600."""
    timeout: Seconds | None = None
    """Seconds that `up` waits at most; default: no limit."""
    attempt: Annotated[int, Field(ge=1, le=999, strict=True)] = 1
    """Raise it to test again what has not changed; default 1."""

    @property
    def gpus(self) -> int:
        """GPUs of one pod."""
        asked = None if self.resources is None else self.resources.gpu
        if asked is not None:
            return asked
        return 0 if self.pool is None else self.pool.gpus

    @property
    def ranks_per_node(self) -> int:
        """Ranks a node."""
        return self.nproc_per_node or self.gpus or 1

    @field_validator("sizes")
    @classmethod
    def _can_be_reduced(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("got []: name at least one")
        found: dict[int, str] = {}
        for size in value:
            count = int(exact(size))
            if count % _FLOAT_BYTES:
                raise ValueError(f"got {size!r}: must be a multiple of {_FLOAT_BYTES} bytes")
            if count in found:
                raise ValueError(f"got {size!r}: is the same as {found[count]!r}")
            found[count] = size
        return value

    @model_validator(mode="after")
    def _between_some(self) -> BandwidthTestArgs:
        if self.nodes * self.ranks_per_node < 2:
            raise ValueError(
                "nodes: got 1 with one rank: nothing is sent; say more nodes, or nproc_per_node"
            )
        if self.gpus and self.ranks_per_node > self.gpus:
            raise ValueError(
                f"nproc_per_node: got {self.nproc_per_node}, but a pod has {self.gpus} GPUs, and "
                "each rank needs its own"
            )
        return self
