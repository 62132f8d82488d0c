"""What a job says for its roles."""

from __future__ import annotations

from collections.abc import Sequence

from .job_args import JobArgs
from .replica import Replica


def check_used(job: JobArgs, /, **takers: Sequence[Replica]) -> None:
    """Refuse a field of the job for which all roles that would take it have their own.

    `takers` are these roles by field. Raises `ValueError` that names the field.
    """
    for field, roles in takers.items():
        said = getattr(job, field)
        if said is not None and said != [] and all(_has_own(role, field) for role in roles):
            raise ValueError(f"{field}: no role takes it, each has its own; leave it out")


def _has_own(role: Replica, field: str) -> bool:
    names = ("requests", "limits") if field == "resources" else (field,)
    return any(getattr(role, name) is not None for name in names)
