"""An update of a stack, as Pulumi's history records it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..spec.model import TrainstackError


@dataclass(frozen=True)
class Commit:
    """Where an update's program came from."""

    id: str
    branch: str | None
    author: str | None
    dirty: bool
    """Files were changed, or were there, that the commit does not have."""


@dataclass(frozen=True)
class Update:
    """One entry of a stack's history."""

    number: int
    """Pulumi's version of the stack; counted from the first update where the backend has none."""
    kind: str
    """`update`, `refresh`, `destroy`, `import`, …"""
    result: str
    """`succeeded`, `failed` or `in-progress`."""
    started: str
    ended: str | None
    message: str
    commit: Commit | None
    """None outside a git repository."""
    build: str | None
    """The continuous integration's build that ran it."""
    config: Mapping[str, Any]
    """Configuration by key; None stands for a secret."""


def read_updates(history: Iterable[Mapping[str, Any]]) -> tuple[Update, ...]:
    """Read what `pulumi stack history --json` prints; the newest first.

    Raises `TrainstackError` when it is something else.
    """
    entries = list(history)
    try:
        return tuple(
            _update(entry, number) for number, entry in zip(_numbers(entries), entries, strict=True)
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise TrainstackError(
            f"pulumi stack history --json: cannot be read: {type(error).__name__}: {error}"
        ) from None


def _numbers(entries: list[Mapping[str, Any]]) -> list[int]:
    counted = range(len(entries), 0, -1)
    return [entry.get("version") or number for entry, number in zip(entries, counted, strict=True)]


def _update(entry: Mapping[str, Any], number: int) -> Update:
    environment = entry.get("environment") or {}
    return Update(
        number=number,
        kind=entry["kind"],
        result=entry.get("result") or "in-progress",
        started=entry["startTime"],
        ended=entry.get("endTime"),
        message=entry.get("message") or "",
        commit=_commit(environment),
        build=environment.get("ci.build.url") or environment.get("ci.system"),
        config={key: _setting(value) for key, value in (entry.get("config") or {}).items()},
    )


def _commit(environment: Mapping[str, str]) -> Commit | None:
    if not environment.get("git.head"):
        return None
    branch = environment.get("git.headName")
    return Commit(
        id=environment["git.head"],
        branch=branch.removeprefix("refs/heads/") if branch else None,
        author=environment.get("git.author") or environment.get("git.committer"),
        dirty=environment.get("git.dirty") == "true",
    )


def _setting(said: Mapping[str, Any]) -> Any:
    if said.get("secret"):
        return None
    return said.get("objectValue", said.get("value"))
