"""Tables of what is said of a job, and where its operator reads it."""

from .elastic import ONE_NODE, SEVERAL_NODES
from .mpi import HOROVOD_JOB, MPI_JOB
from .pytorch import PYTORCH_JOB
from .table import Row, Table, at
from .tensorflow import TF_JOB

TABLES = (PYTORCH_JOB, ONE_NODE, SEVERAL_NODES, MPI_JOB, HOROVOD_JOB, TF_JOB)

__all__ = ["TABLES", "Row", "Table", "at"]
