"""What the base component has to know of a job kind: data and pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .spec.job_args import JobArgs
from .spec.run import Run

A = TypeVar("A", bound=JobArgs)


@dataclass(frozen=True)
class Kind(Generic[A]):
    """A job kind."""

    name: str
    """The component's name, for example `ElasticJob`."""
    args: type[A]
    """The model of its arguments."""
    render: Callable[[A, Run], dict[str, Any]]
    """From arguments to the whole manifest."""
    summary: Callable[[A], dict[str, Any]]
    """What a reviewer sees of the arguments besides what every kind shows."""
    longest_suffix: Callable[[A], str]
    """The longest thing that the operator appends to the job's name."""
    targets: tuple[str, ...]
    """Types of the objects that it may become, as Pulumi tokens."""
