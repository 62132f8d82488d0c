"""What a rule says about a run, a manifest or a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from ..spec.shown import shown

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One value that a rule does not allow.

    >>> str(Finding("spec.hostNetwork", True, "must be false"))
    'spec.hostNetwork: got True: must be false'
    """

    path: str
    """Where it is, for example `spec.template.spec.containers[0].image`."""
    value: Any
    """What is there; None when nothing is."""
    allowed: str
    """What may be there, or has to."""

    @property
    def known(self) -> bool:
        """Whether the value is known yet; in preview some are not."""
        return bool(self.value != UNKNOWN)

    def __str__(self) -> str:
        got = "not given" if self.value is None else f"got {shown(self.value)}"
        return f"{self.path}: {got}: {self.allowed}"


Findings = Iterator[Finding]


class NotYetKnownError(ValueError):
    """What a rule counts with, or looks into, is not known before `up`."""


def number(value: Any) -> int:
    """A whole number of a manifest.

    Raises `NotYetKnownError` when preview does not know it.
    """
    if value == UNKNOWN:
        raise NotYetKnownError
    return int(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping of a manifest; empty where there is none.

    Raises `NotYetKnownError` when preview does not know it.
    """
    if value == UNKNOWN:
        raise NotYetKnownError
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """A list of a manifest; empty where there is none.

    Raises `NotYetKnownError` when preview does not know it.
    """
    if value == UNKNOWN:
        raise NotYetKnownError
    return value if isinstance(value, list) else ()
