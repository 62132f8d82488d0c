"""Training over MPI: `MPIJob` and `HorovodJob`."""

from .args import HorovodJobArgs, Launcher, MPIJobArgs
from .component import HorovodJob, MPIJob

__all__ = ["HorovodJob", "HorovodJobArgs", "Launcher", "MPIJob", "MPIJobArgs"]
