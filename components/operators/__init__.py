"""Components that install the operators behind the job kinds."""

from ..spec.toleration import Toleration
from .mpi import MPIOperator
from .mpi_args import MPIOperatorArgs
from .training import TrainingOperator
from .training_args import TrainingOperatorArgs

__all__ = [
    "MPIOperator",
    "MPIOperatorArgs",
    "Toleration",
    "TrainingOperator",
    "TrainingOperatorArgs",
]
