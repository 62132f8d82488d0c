"""The history of a stack in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..history.history import Entry
from ..history.run_change import RunChange
from ..history.update import Update
from ..review.change import Effect, FieldChange
from .text import columns

_SHOWN_FIELDS = 4


def listing(entries: Sequence[Entry], run: str | None = None) -> list[str]:
    """Lines for a terminal: each update, below it what it did to runs.

    With `run` only the updates that did something to that run.
    """
    wanted = [entry for entry in entries if run is None or _of(entry, run)]
    if not wanted:
        return ["no update" if run is None else f"no update has changed a run {run!r}"]
    heads = columns([_head(entry.update) for entry in wanted])
    lines = []
    for head, entry in zip(heads, wanted, strict=True):
        lines += [head, *_details(entry, run)]
    return lines


def change_lines(changes: Sequence[RunChange], indent: str) -> list[str]:
    """A line for each run."""
    return columns([_change(change) for change in changes], indent) if changes else []


def _of(entry: Entry, run: str) -> bool:
    return any(change.run == run for change in entry.changes or ())


def _head(update: Update) -> list[str]:
    commit = update.commit
    return [
        f"{update.number}",
        update.started[:16].replace("T", " "),
        update.kind,
        update.result,
        "no commit" if commit is None else commit.id[:10] + ("+" if commit.dirty else ""),
        (commit.author if commit else None) or "",
        update.message,
    ]


def _details(entry: Entry, run: str | None) -> Iterator[str]:
    if entry.changes is None:
        yield "    what it did to runs is not known: the backend does not give out old states"
        return
    changes = [change for change in entry.changes if run in (None, change.run)]
    yield from change_lines(changes, "    ")


def _change(change: RunChange) -> list[str]:
    return [change.run, change.effect.value, _versions(change), _fields(change.fields)]


def _versions(change: RunChange) -> str:
    if change.effect is Effect.RESTARTS:
        return f"{change.before} -> {change.after}"
    return change.after or change.before or ""


def _fields(fields: Sequence[FieldChange]) -> str:
    shown = [
        f"{field.path}: {field.before or '(none)'} -> {field.after or '(none)'}"
        for field in fields[:_SHOWN_FIELDS]
    ]
    rest = len(fields) - len(shown)
    return ", ".join([*shown, f"{rest} more"] if rest else shown)
