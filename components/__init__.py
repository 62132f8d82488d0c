"""trainstack: distributed training as versioned Pulumi stacks.

>>> import trainstack as ts
>>> ts.RunPolicy(backoff_limit=3).backoff_limit
3
"""

from .images import TrainingImage, TrainingImageArgs
from .mpi import HorovodJob, HorovodJobArgs, Launcher, MPIJob, MPIJobArgs
from .operators import MPIOperator, MPIOperatorArgs, TrainingOperator, TrainingOperatorArgs
from .pytorch import ElasticJob, ElasticJobArgs, Master, PyTorchJob, PyTorchJobArgs
from .spec.checkpoint import Checkpoint
from .spec.cluster import Cluster
from .spec.env import SecretRef
from .spec.model import TrainstackError
from .spec.mounts import Mount
from .spec.policy import CleanPodPolicy, RestartPolicy, RunPolicy
from .spec.program import Program
from .spec.replica import Worker
from .spec.resources import Resources

__all__ = [
    "Checkpoint",
    "CleanPodPolicy",
    "Cluster",
    "ElasticJob",
    "ElasticJobArgs",
    "HorovodJob",
    "HorovodJobArgs",
    "Launcher",
    "MPIJob",
    "MPIJobArgs",
    "MPIOperator",
    "MPIOperatorArgs",
    "Master",
    "Mount",
    "Program",
    "PyTorchJob",
    "PyTorchJobArgs",
    "Resources",
    "RestartPolicy",
    "RunPolicy",
    "SecretRef",
    "TrainingImage",
    "TrainingImageArgs",
    "TrainingOperator",
    "TrainingOperatorArgs",
    "TrainstackError",
    "Worker",
]
