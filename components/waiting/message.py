"""What people read when a run has failed."""

from __future__ import annotations

from collections.abc import Sequence

from ..status import RunRef
from ..status.cause import Cause


def failure(ref: RunRef, cause: Cause, last_lines: Sequence[str] = ()) -> str:
    """What failed first, why, its last lines, and the command that shows more."""
    return "\n".join(
        [
            f"{ref.kind} {ref.name} failed: {cause.what}",
            *(f"  {line}" for line in cause.lines or last_lines),
            f"more: trainstack logs {ref.name} --namespace {ref.namespace}",
            f"  or: kubectl --namespace {ref.namespace} logs --prefix --selector {ref.selector}",
        ]
    )
