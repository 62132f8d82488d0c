"""What runs cost, in the words of a comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .change import JobChange, Run

_COLUMNS = {"per_hour": "$/h", "at_deadline": "$ at deadline"}


def columns(jobs: Sequence[JobChange]) -> dict[str, str]:
    """The costs that are known of some run, each with its head."""
    runs = [run for job in jobs for run in (job.before, job.after) if run is not None]
    return {
        name: head
        for name, head in _COLUMNS.items()
        if any(getattr(run, name) is not None for run in runs)
    }


def cell(jobs: Sequence[JobChange], name: str) -> str:
    """A cost of some jobs, before and after."""
    before = _sum((job.before for job in jobs), name)
    after = _sum((job.after for job in jobs), name)
    return before if before == after else f"{before} → {after}"


def _sum(runs: Iterable[Run | None], name: str) -> str:
    """What is known, and whether there is more."""
    amounts = [0 if run.gpus == 0 else getattr(run, name) for run in runs if run is not None]
    known = [amount for amount in amounts if amount is not None]
    more = "?" if len(known) < len(amounts) else ""
    return " + ".join(filter(None, [f"{sum(known):.2f}" if known or not more else "", more]))
