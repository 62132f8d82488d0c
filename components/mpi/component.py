"""The components over MPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..job import TrainingJob
from ..kind import Kind
from ..spec.amounts import gpus
from .args import HorovodJobArgs, LaunchedJobArgs, MPIJobArgs
from .render import render_horovod, render_mpi

_MPIJOB = "kubernetes:kubeflow.org/v2beta1:MPIJob"


def _summary(args: LaunchedJobArgs) -> dict[str, Any]:
    return {
        "gpus": args.present * gpus(args, args.worker),
        "nodes": args.present,
        "ranks": args.ranks,
    }


def _horovod_summary(args: HorovodJobArgs) -> dict[str, Any]:
    least, most = args.np_range
    return {**_summary(args), "ranks": f"{least}:{most}" if args.elastic else most}


def _longest_suffix(args: LaunchedJobArgs) -> str:
    return max("-launcher", f"-worker-{args.workers - 1}", key=len)


MPI = Kind(
    name="MPIJob",
    args=MPIJobArgs,
    render=render_mpi,
    summary=_summary,
    longest_suffix=_longest_suffix,
    targets=(_MPIJOB,),
)
HOROVOD = Kind(
    name="HorovodJob",
    args=HorovodJobArgs,
    render=render_horovod,
    summary=_horovod_summary,
    longest_suffix=_longest_suffix,
    targets=(_MPIJOB,),
)


class MPIJob(TrainingJob):
    """Ranks on workers that a launcher starts by mpirun, as a `kubeflow.org/v2beta1` MPIJob.

    The launcher starts when every worker's ssh server answers, and its success is the job's.
    Fields: `MPIJobArgs`. Raises `TrainstackError` that names the field when an argument is wrong.

    >>> MPIJob("allreduce", {                                      # doctest: +SKIP
    ...     "image": "registry.example/mpi:1.0",
    ...     "program": {"script": "allreduce.py"},
    ...     "worker": {"replicas": 2},
    ...     "slots": 2,
    ...     "resources": {"cpu": "4", "memory": "16Gi", "gpu": 2},
    ... })
    """

    def __init__(
        self,
        name: str,
        args: MPIJobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(MPI, name, args, opts)


class HorovodJob(TrainingJob):
    """Ranks on workers that a launcher starts by horovodrun, as a `kubeflow.org/v2beta1` MPIJob.

    With `min_np` the run is elastic: it goes on when a worker is lost, and takes it back. Fields:
    `HorovodJobArgs`. Raises `TrainstackError` that names the field when an argument is wrong.

    >>> HorovodJob("digits", {                                     # doctest: +SKIP
    ...     "image": "registry.example/horovod:1.0",
    ...     "program": {"script": "train.py"},
    ...     "worker": {"replicas": 4, "requests": {"cpu": "1", "memory": "2Gi"}},
    ...     "min_np": 2,
    ... })
    """

    def __init__(
        self,
        name: str,
        args: HorovodJobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(HOROVOD, name, args, opts)
