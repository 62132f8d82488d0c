"""GPU nodes of Amazon EKS in a managed node group."""

from .args import EksGpuNodePoolArgs
from .component import EksGpuNodePool

__all__ = ["EksGpuNodePool", "EksGpuNodePoolArgs"]
