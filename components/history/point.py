"""A point in a stack's past that a user names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..spec.model import TrainstackError
from .commits import Repository
from .history import History
from .update import Update


@dataclass(frozen=True)
class Point:
    """A commit, and the update that was made from it."""

    commit: str
    update: Update | None
    """None for a commit that the stack has never been at."""

    @property
    def title(self) -> str:
        """In words: `update 3 (1a2b3c4d5e)`."""
        short = self.commit[:10]
        return f"update {self.update.number} ({short})" if self.update else f"commit {short}"


def find_point(said: str, history: History, repository: Repository) -> Point:
    """The point that is meant by an update's number, a commit, or a run's version or job name.

    It is looked up in this order; of several updates it is the newest that succeeded, else the
    newest. Raises `TrainstackError` when there is none, or its commit is not known here.
    """
    if (update := _numbered(said, history.updates)) is not None:
        return Point(_commit_of(update, repository), update)
    if (commit := repository.commit(said)) is not None:
        of_commit = (one for one in history.updates if one.commit and one.commit.id == commit)
        return Point(commit, _best(of_commit))
    if (update := _best(_with_run(said, history))) is not None:
        return Point(_commit_of(update, repository), update)
    raise TrainstackError(
        f"got {said!r}: neither the number of an update, nor a commit in this repository, nor the "
        f"version of a run that an update left; {_known(history.updates)}"
    )


def _numbered(said: str, updates: Sequence[Update]) -> Update | None:
    number = int(said) if re.fullmatch(r"[0-9]{1,9}", said) else None
    return next((update for update in updates if update.number == number), None)


def _with_run(said: str, history: History) -> Iterator[Update]:
    for update in history.updates:
        runs = history.runs_after(update) or ()
        if any(said in (run.version, run.job_name) for run in runs):
            yield update


def _best(updates: Iterable[Update]) -> Update | None:
    found = list(updates)
    succeeded = (update for update in found if update.result == "succeeded")
    return next(succeeded, found[0] if found else None)


def _commit_of(update: Update, repository: Repository) -> str:
    if update.commit is None:
        raise TrainstackError(
            f"update {update.number}: no commit is recorded, since it was made outside a git "
            "repository"
        )
    if repository.commit(update.commit.id) is None:
        raise TrainstackError(
            f"update {update.number}: its commit {update.commit.id} is not in this repository; "
            "fetch it first"
        )
    return update.commit.id


def _known(updates: Sequence[Update]) -> str:
    if not updates:
        return "the stack has no updates"
    return f"updates: {updates[-1].number} to {updates[0].number}"
