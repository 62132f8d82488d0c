"""What an update did to the runs of its stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..observe.stack_run import StackRun
from ..review.change import Effect, FieldChange
from ..review.fields import changed_fields


@dataclass(frozen=True)
class RunChange:
    """What happened to one run; nothing is said of those that went on as they were."""

    run: str
    kind: str
    namespace: str
    effect: Effect
    before: str | None
    """Version before the update."""
    after: str | None
    """Version after it."""
    fields: tuple[FieldChange, ...]
    """What differs in what was said of it, when it was there before and after."""

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**asdict(self), "effect": self.effect.value}


def run_changes(before: Sequence[StackRun], after: Sequence[StackRun]) -> tuple[RunChange, ...]:
    """What differs between the runs of two states, the most important first."""
    found = [_change(*pair) for pair in _pairs(before, after)]
    changed = [change for change in found if change.effect is not Effect.KEEPS]
    return tuple(sorted(changed, key=lambda change: (change.effect.rank, change.run)))


def _pairs(
    before: Sequence[StackRun], after: Sequence[StackRun]
) -> Iterator[tuple[StackRun | None, StackRun | None]]:
    """The same object, or else the same run name in the same namespace."""
    old = {(run.namespace, run.job_name): run for run in before}
    new = {(run.namespace, run.job_name): run for run in after}
    for key in old.keys() & new.keys():
        yield old.pop(key), new.pop(key)
    for run in new.values():
        same = (key for key, one in old.items() if _called(one) == _called(run))
        yield old.pop(next(same, ("", "")), None), run
    for run in old.values():
        yield run, None


def _called(run: StackRun) -> tuple[str, str]:
    return run.namespace, run.name


def _change(before: StackRun | None, after: StackRun | None) -> RunChange:
    run = after or before
    assert run is not None
    fields = changed_fields(before.fields, after.fields) if before and after else ()
    return RunChange(
        run=run.name,
        kind=run.kind,
        namespace=run.namespace,
        effect=_effect(before, after, fields),
        before=before.version if before else None,
        after=after.version if after else None,
        fields=fields,
    )


def _effect(
    before: StackRun | None, after: StackRun | None, fields: tuple[FieldChange, ...]
) -> Effect:
    if before is None:
        return Effect.STARTS
    if after is None:
        return Effect.STOPS
    if before.version != after.version:
        return Effect.RESTARTS
    return Effect.CHANGES if fields else Effect.KEEPS
