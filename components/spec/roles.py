"""What a job says for its roles."""

from __future__ import annotations

from collections.abc import Sequence

from .job_args import JobArgs
from .policy import RestartPolicy
from .replica import Replica
from .shown import shown

OF_ROLES = ("image", "command", "args", "resources", "pool")
"""Fields of a job that each role may have of its own."""


def check_used(job: JobArgs, /, **takers: Sequence[Replica]) -> None:
    """Refuse a field of the job for which all roles that would take it have their own.

    `takers` are these roles by field. Raises `ValueError` that names the field.
    """
    for field, roles in takers.items():
        said = getattr(job, field)
        if said is not None and said != [] and all(_has_own(role, field) for role in roles):
            raise ValueError(f"{field}: no role takes it, each has its own; leave it out")


def check_idle(name: str, role: Replica) -> None:
    """Refuse what is said about the pods of a role that has none.

    Raises `ValueError` that names the field.
    """
    for field in sorted(role.model_dump(exclude_defaults=True, exclude={"replicas"})):
        raise ValueError(
            f"{name}.{field}: got {shown(getattr(role, field))}, but "
            f"{name}.replicas is 0: there is no {name} to have it"
        )


def check_runs(job: JobArgs, name: str, role: Replica) -> None:
    """Refuse a role without an image, without something to run, or with two things to run.

    Raises `ValueError` that names the field.
    """
    if role.image is None and job.image is None:
        raise ValueError(f"image: required (or {name}.image)")
    for variable in sorted(role.env.keys() & job.secrets.keys()):
        raise ValueError(f"{name}.env.{variable}: also given in secrets")
    if role.command is not None and job.program is not None:
        raise ValueError(f"{name}.command: the job's program would never run")
    if role.command is None and job.command is None and job.program is None:
        raise ValueError("program: required (or command)")


def check_backoff(job: JobArgs, roles: Sequence[Replica]) -> None:
    """Refuse a limit of restarts where no role restarts.

    Raises `ValueError` that names the field.
    """
    limit = job.run_policy.backoff_limit
    if limit and all(role.restart_policy is RestartPolicy.NEVER for role in roles):
        raise ValueError(
            f"run_policy.backoff_limit: got {limit}, but no role restarts; "
            "set its restart_policy to 'OnFailure' or 'Always'"
        )


def _has_own(role: Replica, field: str) -> bool:
    names = ("requests", "limits") if field == "resources" else (field,)
    return any(getattr(role, name) is not None for name in names)
