"""GPU nodes of Azure Kubernetes Service."""

from .args import AksGpuNodePoolArgs
from .component import AksGpuNodePool

__all__ = ["AksGpuNodePool", "AksGpuNodePoolArgs"]
