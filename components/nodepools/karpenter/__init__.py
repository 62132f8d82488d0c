"""GPU nodes that Karpenter makes in AWS."""

from .args import KarpenterGpuNodePoolArgs
from .component import KarpenterGpuNodePool

__all__ = ["KarpenterGpuNodePool", "KarpenterGpuNodePoolArgs"]
