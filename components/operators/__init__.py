"""Components that install the operators behind the job kinds."""

from .toleration import Toleration
from .training import TrainingOperator
from .training_args import TrainingOperatorArgs

__all__ = ["Toleration", "TrainingOperator", "TrainingOperatorArgs"]
