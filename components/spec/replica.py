"""One role of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from .env import Env
from .image import JobImage
from .inputs import In
from .model import Args
from .overlay import PodOverlay
from .policy import RestartPolicy
from .pool import POOL, JobPool
from .resources import Resources, requirements

MOST_WORKERS = 9999


class Replica(Args):
    """What one role's pods are made of; unset fields are the job's."""

    ALLOWED: ClassVar[Mapping[str, str]] = {"pool": POOL}
    TRAINS: ClassVar[bool] = True
    """Whether its pods get all GPUs of a node of their pool unless `gpu` is said."""

    image: JobImage | None = None
    """Container image, a reference or a `TrainingImage`; default: the job's."""
    command: Annotated[list[In[str]], Field(min_length=1)] | None = None
    """Replaces the image's entry point; default: the job's program or command."""
    args: list[In[str]] | None = None
    """Arguments after the hyperparameters; default: the job's."""
    requests: Resources | None = None
    """What the scheduler sets aside; together with `limits` it replaces the job's `resources`."""
    limits: Resources | None = None
    """What the container may use at most; what is only limited is requested as much."""
    restart_policy: RestartPolicy = RestartPolicy.NEVER
    """When a failed pod of this role starts again; default `NEVER`."""
    env: Env = {}
    """More environment variables, over the job's."""
    pool: JobPool | None = None
    """The nodes that its pods run on; default: the job's."""
    pod_overlay: PodOverlay = {}
    """A partial pod template, over the job's overlay."""

    @model_validator(mode="after")
    def _resources_agree(self) -> Replica:
        requirements(self.requests, self.limits)
        return self

    def asked(self, default: Resources | None) -> tuple[Resources | None, Resources | None]:
        """Requests and limits, those of `default` where this role says nothing."""
        if self.requests is None and self.limits is None:
            return None, default
        return self.requests, self.limits


class Worker(Replica):
    """The replicas beside a job's deciding one."""

    replicas: Annotated[int, Field(ge=0, le=MOST_WORKERS, strict=True)] | None = None
    """Number of workers, 0 or more; the kind says what it is when unset."""
