"""The history of a stack's runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from ..observe.pulumi_stack import PulumiStack
from ..observe.stack_run import StackRun, stack_runs
from .past_states import PastStates
from .run_change import RunChange, run_changes
from .update import Update, read_updates

Runs = tuple[StackRun, ...]


@dataclass(frozen=True)
class Entry:
    """An update and the runs that it left."""

    update: Update
    runs: Runs | None
    """None when the backend does not give out the state after it."""
    changes: tuple[RunChange, ...] | None
    """None when one of the two states is not known."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of `trainstack history --json`."""
        update = asdict(self.update)
        del update["config"]
        runs = None if self.runs is None else [_run(run) for run in self.runs]
        changes = None if self.changes is None else [change.as_json() for change in self.changes]
        return {**update, "runs": runs, "changes": changes}


class History:
    """A stack's updates, the newest first; a state is read when it is asked for."""

    def __init__(
        self, updates: tuple[Update, ...], state_after: Callable[[Update], Mapping[str, Any] | None]
    ) -> None:
        self.updates = updates
        self._state_after = cache(lambda index: state_after(updates[index]))

    def runs_after(self, update: Update) -> Runs | None:
        """The runs that an update left, where the backend tells."""
        return self._runs(self.updates.index(update))

    def entry(self, update: Update) -> Entry:
        """An update with what it did."""
        index = self.updates.index(update)
        before, after = self._runs(index + 1), self._runs(index)
        known = None if before is None or after is None else run_changes(before, after)
        return Entry(update, after, known)

    def last(self, count: int | None) -> list[Entry]:
        """The newest entries; all of them when `count` is None."""
        return [self.entry(update) for update in self.updates[:count]]

    def _runs(self, index: int) -> Runs | None:
        if index == len(self.updates):
            return ()
        state = self._state_after(index)
        return None if state is None else stack_runs(state)


def read_history(stack: PulumiStack) -> History:
    """The history of a stack.

    Raises `TrainstackError` when `pulumi` does not tell it.
    """
    updates = read_updates(stack.history())
    return History(updates, PastStates(stack, updates).after)


def _run(run: StackRun) -> dict[str, str]:
    return {
        "run": run.name,
        "kind": run.kind,
        "version": run.version,
        "job_name": run.job_name,
        "namespace": run.namespace,
    }
