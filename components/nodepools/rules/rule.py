"""A clash of fields that a cloud would refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pulumi import Output

from ...spec.shown import shown

A = TypeVar("A")


@dataclass(frozen=True)
class Rule(Generic[A]):
    """What a pool may not say, why, and what to say instead."""

    name: str
    """What tests and this list call it."""
    field: str
    """The field to change."""
    broken_by: Callable[[A], object]
    """Tells whether a pool breaks it."""
    reason: str
    """Why it cannot be."""
    remedy: str
    """What to do."""
    source: str
    """Where that is written, by the cloud or the project that refuses it."""

    def message(self, args: Any) -> str:
        """The field, its value, why not, and what to do."""
        value = getattr(args, self.field)
        got = "" if value is None or _is_live(value) else f"got {shown(_plain(value))}: "
        return f"{self.field}: {got}{self.reason}; {self.remedy} ({self.source})"


def check(args: Any, rules: Sequence[Rule[Any]]) -> None:
    """Hold the rules, in their order.

    Raises `ValueError` for the first that is broken.
    """
    for rule in rules:
        if rule.broken_by(args):
            raise ValueError(rule.message(args))


def _is_live(value: Any) -> bool:
    return isinstance(value, Output) or (
        isinstance(value, list) and any(isinstance(item, Output) for item in value)
    )


def _plain(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, list) else value
