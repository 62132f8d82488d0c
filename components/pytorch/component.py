"""The PyTorch components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..job import TrainingJob
from ..kind import Kind
from ..spec.amounts import gpus
from .args import NODE, ElasticJobArgs, PyTorchJobArgs
from .render import render_elastic, render_pytorch

_PYTORCHJOB = "kubernetes:kubeflow.org/v1:PyTorchJob"
_JOB = "kubernetes:batch/v1:Job"


def _pytorch_summary(args: PyTorchJobArgs) -> dict[str, Any]:
    roles = ((args.master, 1), (args.worker, args.workers))
    return {
        "gpus": sum(gpus(args, role) * count for role, count in roles),
        "nodes": 1 + args.workers,
    }


def _elastic_summary(args: ElasticJobArgs) -> dict[str, Any]:
    return {
        "gpus": (args.size or args.nodes[1]) * gpus(args, NODE),
        "nnodes": args.nnodes,
        "nproc_per_node": args.ranks_per_node,
    }


PYTORCH = Kind(
    name="PyTorchJob",
    args=PyTorchJobArgs,
    render=render_pytorch,
    summary=_pytorch_summary,
    longest_suffix=lambda args: f"-worker-{max(args.workers - 1, 0)}",
    targets=(_PYTORCHJOB,),
)
ELASTIC = Kind(
    name="ElasticJob",
    args=ElasticJobArgs,
    render=render_elastic,
    summary=_elastic_summary,
    longest_suffix=lambda args: f"-worker-{args.nodes[1] - 1}",
    targets=(_PYTORCHJOB, _JOB),
)


class PyTorchJob(TrainingJob):
    """One master and some workers, one process each, as a `kubeflow.org/v1` PyTorchJob.

    The program finds `MASTER_ADDR`, `MASTER_PORT`, `RANK` and `WORLD_SIZE` set. The job has
    succeeded when the master has. Fields: `PyTorchJobArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> PyTorchJob("mnist", {                                      # doctest: +SKIP
    ...     "image": "registry.example/mnist:1.0",
    ...     "program": {"script": "train.py"},
    ...     "worker": {"replicas": 3},
    ...     "resources": {"cpu": "4", "memory": "16Gi", "gpu": 1},
    ... })
    """

    def __init__(
        self,
        name: str,
        args: PyTorchJobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(PYTORCH, name, args, opts)


class ElasticJob(TrainingJob):
    """Torch elastic training that goes on when a worker is lost.

    One node becomes a batch Job and needs no operator; more become a PyTorchJob whose Master
    holds the rendezvous store and ends with rank 0's verdict. Fields: `ElasticJobArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> ElasticJob("digits", {                                     # doctest: +SKIP
    ...     "image": "registry.example/digits:1.0",
    ...     "program": {"script": "train.py"},
    ...     "nnodes": "1:4",
    ...     "hyperparameters": {"lr": 0.1},
    ... })
    """

    def __init__(
        self,
        name: str,
        args: ElasticJobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(ELASTIC, name, args, opts)
