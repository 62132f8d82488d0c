"""Pools of nodes, and what is known of the machines in them."""

from .eks import EksGpuNodePool, EksGpuNodePoolArgs
from .existing import ExistingPool
from .hardware import Machine, machine, machines_with
from .prices import Price, price
from .taint import Taint

__all__ = [
    "EksGpuNodePool",
    "EksGpuNodePoolArgs",
    "ExistingPool",
    "Machine",
    "Price",
    "Taint",
    "machine",
    "machines_with",
    "price",
]
