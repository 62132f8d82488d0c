"""Pools of nodes, and what is known of the machines in them."""

from .existing import ExistingPool
from .hardware import Machine, machine, machines_with
from .prices import Price, price

__all__ = ["ExistingPool", "Machine", "Price", "machine", "machines_with", "price"]
