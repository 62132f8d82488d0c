"""What a user says about the mpi-operator."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from ..spec.names import Label, Subdomain
from .args import JobOperatorArgs


class MPIOperatorArgs(JobOperatorArgs):
    """Arguments of `MPIOperator`; every field has a default."""

    OPERATOR: ClassVar[str] = "mpi-operator"
    SELECTOR: ClassVar[str] = "app"

    namespace: Label = "mpi-operator"
    """Namespace of the operator itself; default `"mpi-operator"`."""
    version: str = "0.8.2"
    """Release of the operator; default and only known one: `"0.8.2"`."""
    cluster_domain: Subdomain | None = None
    """The cluster's domain, put behind the host names in hostfiles, for example
    `"cluster.local"`; default: none, names end in `.svc`."""
    threads: Annotated[int, Field(ge=1, le=64, strict=True)] = 2
    """Jobs that are looked after at the same time; default 2."""
