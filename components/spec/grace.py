"""How long a pod that is to go has to save and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .checkpoint import SAVING_MARGIN
from .pool import PoolProfile

if TYPE_CHECKING:
    from .job_args import JobArgs

GRACE_SECONDS = 30
_FIELD = "terminationGracePeriodSeconds"


def grace_of(job: JobArgs, pool: PoolProfile | None, overlay: Mapping[str, Any]) -> int:
    """Seconds that the overlay says, or else those of the pool, but as long as saving takes."""
    said = GRACE_SECONDS if pool is None or pool.grace_seconds is None else pool.grace_seconds
    found: int = overlay.get("spec", {}).get(_FIELD, max(said, _least(job)))
    return found


def longest_grace(templates: list[dict[str, Any]]) -> int:
    """The longest of any pod."""
    graces: list[int] = [template["spec"].get(_FIELD, GRACE_SECONDS) for template in templates]
    return max(graces)


def check_grace(job: JobArgs) -> None:
    """Refuse an overlay whose grace period is shorter than saving takes.

    Raises `ValueError` that names the field.
    """
    least = _least(job)
    for overlay in job.overlays:
        grace = overlay.get("spec", {}).get(_FIELD)
        if grace is not None and grace < least:
            raise ValueError(
                f"pod_overlay.spec.{_FIELD}: got {grace}: must be {least} or more, as saving takes "
                f"checkpoint.save_seconds and ending {SAVING_MARGIN} more"
            )


def _least(job: JobArgs) -> int:
    return job.checkpoint.grace_seconds if job.checkpoint is not None else 0
