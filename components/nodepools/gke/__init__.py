"""GPU nodes of Google Kubernetes Engine."""

from .args import GkeGpuNodePoolArgs, NodeNetwork
from .component import GkeGpuNodePool

__all__ = ["GkeGpuNodePool", "GkeGpuNodePoolArgs", "NodeNetwork"]
