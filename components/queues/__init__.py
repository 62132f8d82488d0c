"""Queues: who may run how much, where, and in which order."""

from .args import QueueArgs, QueuePool
from .component import Queue

__all__ = ["Queue", "QueueArgs", "QueuePool"]
