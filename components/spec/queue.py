"""A job's `queue`: a name, or a queue of the same program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pulumi

from .live import Live
from .names import QueueName
from .quantity import canonical

QUEUE = "kueue.x-k8s.io/queue-name"
"""The label by which Kueue knows a queued job; it may not change while the job runs."""


class NamedQueue(pulumi.ComponentResource):
    """A queue that the program makes; a job that takes it waits for it."""

    queue_name: str
    """What jobs and namespaces know it by."""
    queue_namespaces: tuple[str, ...]
    """Namespaces whose jobs may use it."""
    queue_quotas: Mapping[str, Mapping[str, str]] | None
    """Resource lists by pool; None for a queue that can borrow."""


def queue_name(queue: Any) -> Any:
    """What the label says."""
    return queue.queue_name if isinstance(queue, NamedQueue) else queue


JobQueue = Annotated[str | NamedQueue, Live(NamedQueue, QueueName, queue_name)]


def settled(value: Any) -> Any:
    """A part of a manifest with its amounts as Kubernetes writes them.

    Kueue's webhook reads a job and writes it anew, so that any other spelling would show as drift.
    """
    if isinstance(value, Mapping):
        return {key: _settled_at(key, item) for key, item in value.items()}
    return [settled(item) for item in value] if isinstance(value, list) else value


def _settled_at(key: str, value: Any) -> Any:
    if key in ("limits", "requests") and isinstance(value, Mapping):
        return {name: _amount(amount) for name, amount in value.items()}
    return _amount(value) if key == "sizeLimit" else settled(value)


def _amount(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return canonical(value)
    except ValueError:
        return value  # The API server says what is wrong with it.
