"""`TrainingOperator`: the controller behind PyTorchJob, TFJob and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..spec.gang import JobOperator
from ..spec.model import TrainstackError, parse
from .component import OperatorComponent
from .training_args import TrainingOperatorArgs
from .training_render import read_upstream, render_training


class TrainingOperator(OperatorComponent, JobOperator):
    """Installs the training-operator; jobs that name it as `operator` wait until it is ready.

    Ready means: its kinds are served, its pods run, and its webhook answers, so that a job made
    next is not refused. Fields: `TrainingOperatorArgs`. Installed are the manifests of a pinned
    release, which `trainstack operators fetch` puts into the user's cache once; a preview
    downloads nothing and needs no cluster. Only one can be in a cluster.
    Raises `TrainstackError` that names the field, or the command that fetches the manifests.

    >>> operator = TrainingOperator("training", {"kinds": ["PyTorchJob"]})   # doctest: +SKIP
    >>> PyTorchJob("mnist", {..., "operator": operator})                     # doctest: +SKIP
    """

    kinds: pulumi.Output[list[str]]
    """The installed job kinds."""

    def __init__(
        self,
        name: str,
        args: TrainingOperatorArgs | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"TrainingOperator {name!r}"
        spec = parse(TrainingOperatorArgs, args, where)
        try:
            manifests = render_training(spec, read_upstream(spec))
        except TrainstackError as error:
            raise TrainstackError(f"{where}: {error}") from None
        kinds: list[str] = list(spec.kinds)
        super().__init__(name, spec, manifests, opts, shown={"kinds": kinds}, where=where)
        self.gang_scheduler_name = spec.gang_scheduler_name
        self.kinds = pulumi.Output.from_input(kinds)
        self.register_outputs(
            {"kinds": self.kinds, "namespace": self.namespace, "ready": self.ready}
        )
