"""What a user says about the training-operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

from pydantic import field_validator, model_validator

from ..spec.names import Image, Label
from .args import JobOperatorArgs

TrainingKind = Literal["PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob"]
KINDS: tuple[TrainingKind, ...] = get_args(TrainingKind)


class TrainingOperatorArgs(JobOperatorArgs):
    """Arguments of `TrainingOperator`; every field has a default."""

    OPERATOR: ClassVar[str] = "training-operator"
    SELECTOR: ClassVar[str] = "control-plane"

    ALLOWED: ClassVar[Mapping[str, str]] = {"kinds": f"a list of {', '.join(map(repr, KINDS))}"}

    namespace: Label = "kubeflow"
    """Namespace of the operator itself; default `"kubeflow"`."""
    kinds: tuple[TrainingKind, ...] = ("PyTorchJob", "TFJob")
    """Job kinds to install, in any order; default PyTorchJob and TFJob; also XGBoostJob, PaddleJob
    and JAXJob. Never MPIJob: that is the mpi-operator's."""
    version: str = "1.9.4"
    """Release of the operator; default and only known one: `"1.9.4"`."""
    init_container_image: Image = "alpine:3.10"
    """Image of the container in which a PyTorchJob's worker waits for its master; it needs `sh`
    and `nslookup`; default: upstream's `"alpine:3.10"`."""

    @field_validator("kinds", mode="before")
    @classmethod
    def _not_mpi(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and "MPIJob" in value:
            raise ValueError(
                f"got {list(value)}: MPIJob is not offered: this operator's MPIJob v1 and the "
                "mpi-operator's MPIJob are one CRD, mpijobs.kubeflow.org, and exclude each other; "
                "install the mpi-operator for MPI jobs"
            )
        return value

    @field_validator("kinds")
    @classmethod
    def _in_order(cls, value: tuple[TrainingKind, ...]) -> tuple[TrainingKind, ...]:
        if not value:
            raise ValueError("got []: name at least one job kind")
        if len(set(value)) != len(value):
            raise ValueError(f"got {list(value)}: a kind is named twice")
        return tuple(kind for kind in KINDS if kind in value)

    @model_validator(mode="after")
    def _agrees(self) -> TrainingOperatorArgs:
        if "init_container_image" in self.model_fields_set and "PyTorchJob" not in self.kinds:
            raise ValueError("init_container_image has no effect without PyTorchJob in kinds")
        return self
