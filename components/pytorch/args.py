"""What a user says about a PyTorch job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..spec.amounts import gpus, without_rank
from ..spec.gang import check_gang
from ..spec.job_args import JobArgs
from ..spec.policy import RestartPolicy
from ..spec.replica import MOST_WORKERS, Replica, Worker
from ..spec.roles import OF_ROLES, check_backoff, check_idle, check_runs, check_used
from ..spec.shown import shown

MOST_RANKS = 1024
_AtLeastOne = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
_RDZV_KEYS = (
    "close_timeout",
    "heartbeat_timeout",
    "join_timeout",
    "keep_alive_interval",
    "keep_alive_max_attempt",
    "last_call_timeout",
    "read_timeout",
    "timeout",
)


class Master(Replica):
    """The one replica with rank 0, whose success is the job's."""

    ELSEWHERE: ClassVar[Mapping[str, str]] = {"replicas": "leave it out, there is always 1"}


class PyTorchJobArgs(JobArgs):
    """Arguments of `PyTorchJob`: one master and some workers, one process each."""

    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        **JobArgs.ELSEWHERE,
        "num_workers": "say worker.replicas",
    }

    master: Master = Master.model_construct()
    """Always one replica."""
    worker: Worker = Worker.model_construct(replicas=0)
    """Replicas on top of the master; default: none, a job of the master alone."""

    @property
    def workers(self) -> int:
        """Number of workers."""
        return self.worker.replicas or 0

    @property
    def idle_gpus(self) -> str | None:
        """Whether a pod's one process has several GPUs; what a command starts, nobody knows."""
        if self.program is None:
            return None
        most = max(gpus(self, role) for role in (self.master, *[self.worker] * bool(self.workers)))
        return without_rank("program", 1, most, "say gpu=1, or make it an ElasticJob")

    @model_validator(mode="after")
    def _complete(self) -> PyTorchJobArgs:
        if self.worker.replicas is None:
            raise ValueError("worker.replicas: required, but not given")
        if not self.workers:
            check_idle("worker", self.worker)
        roles: dict[str, Replica] = {"master": self.master}
        if self.workers:
            roles["worker"] = self.worker
        for name, role in roles.items():
            check_runs(self, name, role)
        takers = [*roles.values()]
        check_used(self, **dict.fromkeys(OF_ROLES, takers))
        check_backoff(self, takers)
        check_gang(self, 1 + self.workers)
        return self


def _nnodes(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"got {shown(value)}: {_NNODES}")
    said = value if isinstance(value, str) else shown(value)
    form = re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", said, re.ASCII)
    if form is None:
        raise ValueError(f"got {shown(value)}: {_NNODES}")
    least, most = int(form[1]), int(form[2] or form[1])
    if not 1 <= least <= most <= MOST_WORKERS:
        raise ValueError(f"got {shown(value)}: {_NNODES}")
    return least if least == most else f"{least}:{most}"


def _nproc(value: Any) -> Any:
    if value == "gpu":
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_RANKS:
        raise ValueError(
            f"got {shown(value)}: must be a whole number from 1 to {MOST_RANKS}, or 'gpu'"
        )
    return value


_NNODES = f'must be a number of nodes or "min:max", 1 <= min <= max <= {MOST_WORKERS}'


def _rdzv_configs(value: Mapping[str, int]) -> Mapping[str, int]:
    for key in value:
        if key not in _RDZV_KEYS:
            raise ValueError(f"got {shown(key)}: must be one of {', '.join(_RDZV_KEYS)}")
    if {"timeout", "read_timeout"} <= value.keys():
        raise ValueError("give either timeout or read_timeout, they mean the same to c10d")
    return value


NODE = Replica.model_construct(restart_policy=RestartPolicy.FAILURE)
"""What the pods of an `ElasticJob` are made of that train: the job's own fields."""
STORE = 1
"""The pod of an `ElasticJob` that trains nothing and is always there."""


class ElasticJobArgs(JobArgs):
    """Arguments of `ElasticJob`: torch elastic on one or more nodes."""

    NOT_THE_RUN: ClassVar[frozenset[str]] = JobArgs.NOT_THE_RUN | {"size"}
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        **JobArgs.ELSEWHERE,
        "master": "say the job's own fields, all nodes are alike",
        "num_workers": "say nnodes",
        "worker": "say nnodes and the job's own fields, all nodes are alike",
    }

    nnodes: Annotated[int | str, BeforeValidator(_nnodes)] = 1
    """Number of nodes, or `"min:max"`; 1 (default, also `"1"` and `"1:1"`) needs no operator."""
    size: _AtLeastOne | None = None
    """Nodes for now, from the least to the most of `nnodes`; default: the most. Changed in place:
    nodes come and go, and the others go on."""
    nproc_per_node: Annotated[int | str, BeforeValidator(_nproc)] = 1
    """Ranks a node, 1 (default) to 1024, or `"gpu"`: as many as a pod has GPUs."""
    start_method: Literal["spawn", "fork"] = "spawn"
    """How ranks are started: `"spawn"` (default) or `"fork"`, which shares the loaded torch."""
    monitor_interval: Annotated[float, Field(gt=0, le=3600, strict=True)] = 0.5
    """Seconds between two looks at the ranks; default 0.5."""
    max_restarts: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 10
    """Restarts of the ranks in place before the run has failed; default 10."""
    rdzv_backend: Literal["c10d"] = "c10d"
    """Rendezvous backend; `"c10d"`, with its store outside the workers."""
    rdzv_configs: Annotated[dict[str, _AtLeastOne], AfterValidator(_rdzv_configs)] = {}
    """Rendezvous settings over the defaults (`join_timeout` and `read_timeout` 900 seconds);
    `timeout` is another word for `read_timeout`."""

    @property
    def ranks_per_node(self) -> int:
        """Ranks a node, as a number."""
        return gpus(self, NODE) if isinstance(self.nproc_per_node, str) else self.nproc_per_node

    @property
    def idle_gpus(self) -> str | None:
        """Whether pods have more GPUs than `nproc_per_node` ranks."""
        remedy = "say nproc_per_node='gpu'"
        return without_rank("nproc_per_node", self.ranks_per_node, gpus(self, NODE), remedy)

    @property
    def nodes(self) -> tuple[int, int]:
        """Least and most nodes."""
        least, _, most = str(self.nnodes).partition(":")
        return int(least), int(most or least)

    @model_validator(mode="after")
    def _complete(self) -> ElasticJobArgs:
        if self.image is None:
            raise ValueError("image: required")
        if self.command is not None:
            raise ValueError(
                "command: an ElasticJob launches its program by torch elastic; give program, or "
                "use PyTorchJob for a command of your own"
            )
        if self.program is None:
            raise ValueError("program: required")
        if not self.ranks_per_node:
            raise ValueError(
                "nproc_per_node: got 'gpu', but its pods ask for no GPU; give resources.gpu, or a "
                "pool that has some"
            )
        least, most = self.nodes
        if self.size is not None and not least <= self.size <= most:
            raise ValueError(f"size: got {self.size}: must be {least} to {most}, as nnodes says")
        if self.nodes == (1, 1):
            self._check_one_node()
        else:
            check_gang(self, STORE + (self.size or most))
        return self

    def _check_one_node(self) -> None:
        """What a batch Job of one pod has no use for."""
        if self.gang is not None:
            raise ValueError("gang: nnodes is 1, and one pod is no gang; leave it out")
        if self.run_policy.clean_pod_policy.value == "All":
            raise ValueError(
                "run_policy.clean_pod_policy: got 'All', which a job of one node (a batch Job) "
                "cannot do; allowed: 'Running', 'None'"
            )
