"""trainstack: distributed training as versioned Pulumi stacks.

>>> import trainstack as ts
>>> ts.RunPolicy(backoff_limit=3).backoff_limit
3
"""

from .images import TrainingImage, TrainingImageArgs
from .mpi import HorovodJob, HorovodJobArgs, Launcher, MPIJob, MPIJobArgs
from .nodepools import (
    AksGpuNodePool,
    AksGpuNodePoolArgs,
    EksGpuNodePool,
    EksGpuNodePoolArgs,
    ExistingPool,
    GkeGpuNodePool,
    GkeGpuNodePoolArgs,
    KarpenterGpuNodePool,
    KarpenterGpuNodePoolArgs,
    NodeNetwork,
    Taint,
)
from .nodes import (
    BandwidthTest,
    BandwidthTestArgs,
    DcgmExporter,
    DcgmExporterArgs,
    EfaDevicePlugin,
    EfaDevicePluginArgs,
    NvidiaDevicePlugin,
    NvidiaDevicePluginArgs,
)
from .operators import (
    Kueue,
    KueueArgs,
    MPIOperator,
    MPIOperatorArgs,
    TrainingOperator,
    TrainingOperatorArgs,
)
from .pytorch import ElasticJob, ElasticJobArgs, Master, PyTorchJob, PyTorchJobArgs
from .queues import Queue, QueueArgs, QueuePool
from .spec.checkpoint import Checkpoint
from .spec.cluster import Cluster
from .spec.env import SecretRef
from .spec.fabric import Fabric, FabricDaemon
from .spec.gang import Gang
from .spec.model import TrainstackError
from .spec.mounts import Mount
from .spec.policy import CleanPodPolicy, RestartPolicy, RunPolicy
from .spec.pool import PoolProfile
from .spec.program import Program
from .spec.replica import Worker
from .spec.resources import Resources
from .tensorboard import LogFolder, TensorBoard, TensorBoardArgs
from .tensorflow import PS, Chief, Evaluator, TFJob, TFJobArgs

__all__ = [  # noqa: RUF022, sorted as Python sorts
    "AksGpuNodePool",
    "AksGpuNodePoolArgs",
    "BandwidthTest",
    "BandwidthTestArgs",
    "Checkpoint",
    "Chief",
    "CleanPodPolicy",
    "Cluster",
    "DcgmExporter",
    "DcgmExporterArgs",
    "EfaDevicePlugin",
    "EfaDevicePluginArgs",
    "EksGpuNodePool",
    "EksGpuNodePoolArgs",
    "ElasticJob",
    "ElasticJobArgs",
    "Evaluator",
    "ExistingPool",
    "Fabric",
    "FabricDaemon",
    "Gang",
    "GkeGpuNodePool",
    "GkeGpuNodePoolArgs",
    "HorovodJob",
    "HorovodJobArgs",
    "KarpenterGpuNodePool",
    "KarpenterGpuNodePoolArgs",
    "Kueue",
    "KueueArgs",
    "Launcher",
    "LogFolder",
    "MPIJob",
    "MPIJobArgs",
    "MPIOperator",
    "MPIOperatorArgs",
    "Master",
    "Mount",
    "NodeNetwork",
    "NvidiaDevicePlugin",
    "NvidiaDevicePluginArgs",
    "PS",
    "PoolProfile",
    "Program",
    "PyTorchJob",
    "PyTorchJobArgs",
    "Queue",
    "QueueArgs",
    "QueuePool",
    "Resources",
    "RestartPolicy",
    "RunPolicy",
    "SecretRef",
    "TFJob",
    "TFJobArgs",
    "Taint",
    "TensorBoard",
    "TensorBoardArgs",
    "TrainingImage",
    "TrainingImageArgs",
    "TrainingOperator",
    "TrainingOperatorArgs",
    "TrainstackError",
    "Worker",
]
