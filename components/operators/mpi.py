"""`MPIOperator`: the controller behind MPIJob and HorovodJob."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..spec.gang import JobOperator
from ..spec.model import TrainstackError, parse
from .component import OperatorComponent
from .mpi_args import MPIOperatorArgs
from .mpi_render import read_mpi_upstream, render_mpi_operator


class MPIOperator(OperatorComponent, JobOperator):
    """Installs the mpi-operator; jobs that name it as `operator` wait until it is ready.

    Ready means: MPIJob is served and the operator's pods run. Fields: `MPIOperatorArgs`.
    Installed are the manifests of a pinned release, which `trainstack operators fetch` puts into
    the user's cache once; a preview downloads nothing and needs no cluster. A cluster in which the
    training-operator's own MPIJob (v1) is installed refuses it: both are one CRD.
    Raises `TrainstackError` that names the field, or the command that fetches the manifests.

    >>> operator = MPIOperator("mpi")                                        # doctest: +SKIP
    >>> MPIJob("allreduce", {..., "operator": operator})                     # doctest: +SKIP
    """

    def __init__(
        self,
        name: str,
        args: MPIOperatorArgs | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"MPIOperator {name!r}"
        spec = parse(MPIOperatorArgs, args, where)
        try:
            manifests = render_mpi_operator(spec, read_mpi_upstream(spec))
        except TrainstackError as error:
            raise TrainstackError(f"{where}: {error}") from None
        super().__init__(name, spec, manifests, opts, shown={}, where=where)
        self.gang_scheduler_name = spec.gang_scheduler_name
        self.register_outputs({"namespace": self.namespace, "ready": self.ready})
