"""How a stack gets back to what it was after an earlier update."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..observe.stack_run import StackRun
from ..spec.model import TrainstackError
from .checkout import Checkout
from .history import History
from .point import Point
from .rendered import job_names, rendered
from .run_change import RunChange, run_changes
from .settings_then import Setting
from .update import Update

Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Rollback:
    """What brings an earlier update back."""

    update: Update
    commit: str
    changes: tuple[RunChange, ...] | None
    """What it does to the runs that there are now; None when states are not known."""
    commands: tuple[str, ...]
    """The same by hand."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of `trainstack rollback --json`."""
        changes = None if self.changes is None else [change.as_json() for change in self.changes]
        return {
            "update": self.update.number,
            "commit": self.commit,
            "changes": changes,
            "commands": list(self.commands),
        }


def plan_rollback(history: History, point: Point, checkout: Checkout) -> Rollback:
    """What to do, after a look whether the commit still gives the runs that it gave then.

    Raises `TrainstackError` when the stack has never been at the commit, when the update removed
    the stack, and when the commit gives other runs than the update did.
    """
    update = point.update
    if update is None:
        raise TrainstackError(f"commit {point.commit[:10]}: the stack has never been at it")
    if update.kind == "destroy":
        raise TrainstackError(
            f"update {update.number}: it destroyed the stack; there is no way back"
        )
    then, now = history.runs_after(update), history.runs_after(history.updates[0])
    _check_same(update, then, checkout, point)
    return Rollback(
        update=update,
        commit=point.commit,
        changes=None if then is None or now is None else run_changes(now, then),
        commands=_commands(checkout, point),
    )


def differing_runs(then: Sequence[StackRun], gives: Names) -> list[str]:
    """In words, the runs that a commit now gives by another name: another version.

    Runs that it does not give are left out: an update may have left what it did not make.
    """
    return [
        f"{run.job_name} (now {gives[run.namespace, run.name]})"
        for run in then
        if gives.get((run.namespace, run.name), run.job_name) != run.job_name
    ]


def _check_same(
    update: Update, then: Sequence[StackRun] | None, checkout: Checkout, point: Point
) -> None:
    dirty = update.commit is not None and update.commit.dirty
    why = f"update {update.number} was made from a tree with files that its commit does not have"
    if then is None:
        if dirty:
            raise TrainstackError(f"{why}, and its runs are not known, to compare them")
        return
    with checkout.at(point) as folder:
        try:
            gives = job_names(rendered(folder, checkout.stack))
        except TrainstackError as error:
            if dirty:
                raise TrainstackError(
                    f"{why}, and the commit cannot be rendered: {error}"
                ) from None
            return
    if differing := differing_runs(then, gives):
        because = why if dirty else f"the commit of update {update.number} gives other runs today"
        raise TrainstackError(f"{because}: {', '.join(differing)}")


def _commands(checkout: Checkout, point: Point) -> tuple[str, ...]:
    folder = checkout.folder.absolute()
    repository = folder
    for _ in checkout.repository.prefix.parts:
        repository = repository.parent
    worktree = repository.parent / f"{repository.name}-{point.commit[:10]}"
    project = worktree / checkout.repository.prefix
    file = f"Pulumi.{checkout.stack}.yaml"
    settings = checkout.differences(point)
    copies = (
        [] if checkout.has_settings(point) else [f"cp {_quoted(folder / file)} {_quoted(project)}"]
    )
    return (
        f"git worktree add --detach {_quoted(worktree)} {point.commit}",
        *copies,
        f"cd {_quoted(project)}",
        *(_set(setting, checkout.stack) for setting in settings),
        f"pulumi up --stack {_quoted(checkout.stack)}",
    )


def _set(setting: Setting, stack: str) -> str:
    of = f"--stack {_quoted(stack)} {_quoted(setting.key)}"
    if setting.value is None:
        return f"pulumi config rm {of}"
    if isinstance(setting.value, str):
        return f"pulumi config set {of} -- {_quoted(setting.value)}"
    return f"# in its settings file, {setting.key} was {setting.value!r}"


def _quoted(word: object) -> str:
    return shlex.quote(str(word))


def run_rollback(point: Point, checkout: Checkout) -> int:
    """Run `pulumi up` in a worktree of the commit; gives its exit status.

    What it prints goes to standard error.
    """
    message = f"rollback to {point.title}"
    with checkout.at(point) as folder:
        words = ("up", "--yes", "--stack", checkout.stack, "--message", message)
        return _undisturbed(("pulumi", *words, "--non-interactive"), folder)


def _undisturbed(command: Sequence[str], folder: Path) -> int:
    """Ctrl-C reaches the command too, which ends in its own good order."""
    with subprocess.Popen(command, cwd=folder, stdout=sys.stderr) as running:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return running.wait()
        except BaseException:
            running.send_signal(signal.SIGINT)
            raise
        finally:
            signal.signal(signal.SIGINT, before)
