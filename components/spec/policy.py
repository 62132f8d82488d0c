"""When replicas restart, when a run ends, and what is cleaned up then."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from .model import Args


class _Named(str, Enum):
    """An enum that is read by Kubernetes' value or by member name, in any case."""

    @classmethod
    def _missing_(cls, value: object) -> _Named | None:
        wanted = str(value).lower()
        return next((m for m in cls if wanted in (m.value.lower(), m.name.lower())), None)


class RestartPolicy(_Named):
    """When a failed replica is started again."""

    ALWAYS = "Always"
    FAILURE = "OnFailure"
    NEVER = "Never"


class CleanPodPolicy(_Named):
    """Which pods are removed once the run has ended."""

    NONE = "None"
    ALL = "All"
    RUNNING = "Running"


SECONDS = "a whole number of seconds"
Seconds = Annotated[int, Field(gt=0, le=2**31 - 1, strict=True)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class RunPolicy(Args):
    """How a run ends.

    >>> RunPolicy(active_deadline_seconds=3600, backoff_limit=3).clean_pod_policy
    <CleanPodPolicy.RUNNING: 'Running'>
    """

    NOT_THE_RUN: ClassVar[frozenset[str]] = frozenset({"ttl_seconds_after_finished"})
    ALLOWED: ClassVar[Mapping[str, str]] = {
        "active_deadline_seconds": SECONDS,
        "ttl_seconds_after_finished": SECONDS,
    }
    """Fields that say nothing about the run itself and so leave its version alone."""

    clean_pod_policy: CleanPodPolicy = CleanPodPolicy.RUNNING
    """Pods to remove at the end; default `RUNNING`: what still runs goes, finished pods stay."""
    active_deadline_seconds: Seconds | None = None
    """Seconds after which the run is ended as failed; default: no deadline."""
    backoff_limit: Count | None = None
    """Container restarts (for a batch Job: pods; for an MPIJob: launchers) after which the run has
    failed, 0 or more; default 10 for an ElasticJob of several nodes and for a PyTorchJob or
    TFJob with a role that restarts, 3 for an elastic HorovodJob, else 0."""
    ttl_seconds_after_finished: Count | None = None
    """Seconds after which the object of an ended run removes itself; default: never. Needs
    `checkpoint`, so that the object which the next `refresh` and `up` make trains nothing. Changed
    in place. Of an MPIJob only the launcher goes, after what was said when it was made."""

    @field_validator("clean_pod_policy", mode="before")
    @classmethod
    def _unset_is_default(cls, value: Any) -> Any:
        return CleanPodPolicy.RUNNING if value is None else value
