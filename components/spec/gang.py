"""Pods of a run that start together or not at all, by a scheduler that knows gangs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pulumi
from pydantic import Field, model_validator

from .model import Args
from .names import Subdomain
from .policy import Seconds
from .shown import shown

if TYPE_CHECKING:
    from .job_args import JobArgs

VOLCANO = "volcano"
_DEFAULT_QUEUE = "default"


class JobOperator(pulumi.ComponentResource):
    """An operator that turns jobs into pods."""

    gang_scheduler_name: str | None
    """The scheduler to which it gives all pods of a job as one group; None: to none."""


class Gang(Args):
    """Who starts the pods of a run together or not at all: Volcano, or the coscheduling plugin.

    The operator makes the group of pods, and so has to be started for the same scheduler, as
    `TrainingOperator` and `MPIOperator` are with `gang_scheduler_name`.
    Raises `TrainstackError` that names the field when one is wrong.

    >>> Gang(scheduler="volcano", queue="research").min_pods is None
    True
    """

    scheduler: Subdomain
    """`"volcano"`, or the name of a scheduler with the coscheduling plugin."""
    queue: Subdomain | None = None
    """Volcano's queue, with `"volcano"` only; default `"default"`."""
    min_pods: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Pods that have to have room before any starts, 1 or more; default: all, of an elastic run as
    many as it goes on with. The launcher of an MPIJob is none of them, as it is made last."""
    timeout_seconds: Seconds | None = None
    """Seconds that pods with a place wait for the others, not with `"volcano"`; default: the
    plugin's."""

    @model_validator(mode="after")
    def _of_its_scheduler(self) -> Gang:
        if self.scheduler == VOLCANO and self.timeout_seconds is not None:
            raise ValueError(
                f"timeout_seconds: got {self.timeout_seconds}, which Volcano does not have; leave "
                "it out"
            )
        if self.scheduler != VOLCANO and self.queue is not None:
            raise ValueError(
                f"queue: got {shown(self.queue)}: is one of Volcano's; leave it out, or say "
                f"scheduler={VOLCANO!r}"
            )
        return self


def scheduling_policy(job: JobArgs, gang: Gang, least: int) -> dict[str, Any]:
    """The operator's `schedulingPolicy`; `least` are the pods to start with by default."""
    found: dict[str, Any] = {"minAvailable": least if gang.min_pods is None else gang.min_pods}
    if gang.scheduler == VOLCANO:
        found["queue"] = gang.queue or _DEFAULT_QUEUE
        if job.priority is not None:
            found["priorityClass"] = job.priority
    if gang.timeout_seconds is not None:
        found["scheduleTimeoutSeconds"] = gang.timeout_seconds
    return found


def check_gang(job: JobArgs, pods: int) -> None:
    """Refuse a gang that cannot be, and a run without the one that its operator makes.

    `pods` are those that the run has at first. Raises `ValueError` that names the field.
    """
    of_operator = (
        job.operator.gang_scheduler_name if isinstance(job.operator, JobOperator) else None
    )
    gang = job.gang
    if gang is None:
        if of_operator is not None:
            raise ValueError(
                f"gang: required, as operator gives pods to {of_operator!r} as gangs: say "
                f"{{'scheduler': {of_operator!r}}}"
            )
        return
    if isinstance(job.operator, JobOperator) and of_operator != gang.scheduler:
        raise ValueError(
            f"gang.scheduler: got {gang.scheduler!r}, but operator has gang_scheduler_name="
            f"{of_operator!r}; they have to be the same"
        )
    if gang.min_pods is not None and gang.min_pods > pods:
        raise ValueError(f"gang.min_pods: got {gang.min_pods}: at most {pods}, all pods of the run")
    for overlay in job.overlays:
        if "schedulerName" in overlay.get("spec", {}):
            raise ValueError("pod_overlay.spec.schedulerName: gang.scheduler says that already")
