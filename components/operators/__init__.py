"""Components that install the operators behind the job kinds."""

from ..spec.toleration import Toleration
from .kueue import Kueue
from .kueue_args import KueueArgs
from .mpi import MPIOperator
from .mpi_args import MPIOperatorArgs
from .training import TrainingOperator
from .training_args import TrainingOperatorArgs

__all__ = [
    "Kueue",
    "KueueArgs",
    "MPIOperator",
    "MPIOperatorArgs",
    "Toleration",
    "TrainingOperator",
    "TrainingOperatorArgs",
]
