"""Pools of nodes, and what is known of the machines in them."""

from .aks import AksGpuNodePool, AksGpuNodePoolArgs
from .eks import EksGpuNodePool, EksGpuNodePoolArgs
from .existing import ExistingPool
from .gke import GkeGpuNodePool, GkeGpuNodePoolArgs, NodeNetwork
from .hardware import Machine, machine, machines_with
from .karpenter import KarpenterGpuNodePool, KarpenterGpuNodePoolArgs
from .prices import Price, price
from .taint import Taint

__all__ = [
    "AksGpuNodePool",
    "AksGpuNodePoolArgs",
    "EksGpuNodePool",
    "EksGpuNodePoolArgs",
    "ExistingPool",
    "GkeGpuNodePool",
    "GkeGpuNodePoolArgs",
    "KarpenterGpuNodePool",
    "KarpenterGpuNodePoolArgs",
    "Machine",
    "NodeNetwork",
    "Price",
    "Taint",
    "machine",
    "machines_with",
    "price",
]
