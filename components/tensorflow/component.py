"""The TensorFlow component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..job import TrainingJob
from ..kind import Kind
from ..spec.amounts import gpus
from .args import TFJobArgs
from .render import render_tensorflow


def _summary(args: TFJobArgs) -> dict[str, Any]:
    counts = args.counts
    return {
        "gpus": sum(gpus(args, role) * counts[name] for name, role in args.roles.items()),
        "nodes": sum(counts.values()),
    }


def _longest_suffix(args: TFJobArgs) -> str:
    return max((f"-{name}-{count - 1}" for name, count in args.counts.items()), key=len)


TENSORFLOW = Kind(
    name="TFJob",
    args=TFJobArgs,
    render=render_tensorflow,
    summary=_summary,
    longest_suffix=_longest_suffix,
    targets=("kubernetes:kubeflow.org/v1:TFJob",),
)


class TFJob(TrainingJob):
    """TensorFlow's distribution strategies, as a `kubeflow.org/v1` TFJob.

    The program finds `TF_CONFIG` set; parameter servers and their workers are started for it. The
    job has succeeded when the chief has, or worker 0 without a chief. Fields: `TFJobArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> TFJob("digits", {                                          # doctest: +SKIP
    ...     "image": "registry.example/digits:1.0",
    ...     "program": {"script": "train.py"},
    ...     "chief": {"requests": {"cpu": "1", "memory": "2Gi"}},
    ...     "ps": {"replicas": 1},
    ...     "worker": {"replicas": 2, "requests": {"cpu": "2", "memory": "4Gi"}},
    ... })
    """

    def __init__(
        self,
        name: str,
        args: TFJobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TENSORFLOW, name, args, opts)
