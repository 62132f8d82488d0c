"""Which fields of a job or pool changed, from the inputs of its component."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .change import FieldChange

UNKNOWN = "[unknown]"
"""Stands for a value that is not known before `up`."""
SECRET = "[secret]"
"""Stands for every secret."""

_UNKNOWN_ON_THE_WIRE = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
# Shown elsewhere, or following from what was said.
_DERIVED = frozenset(
    {"cost", "gpus", "nodes", "price_per_hour_at_most", "ranks", "version"},
)
_FIRST = ("hyperparameters", "inputs", "image", "program")


def plain(value: Any, secret: str = SECRET) -> Any:
    """A value of the engine's JSON, with `UNKNOWN` and `secret` for what it does not tell."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return secret
        return {key: plain(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, secret) for item in value]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN_ON_THE_WIRE else value


def changed_fields(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[FieldChange, ...]:
    """What differs between two summaries of a job, hyperparameters first.

    >>> changed_fields({"env": {"A": "1"}, "nodes": 2}, {"env": {"A": "2"}, "nodes": 3})
    (FieldChange(path='env.A', before='1', after='2'),)
    """
    old, new = (
        dict(_leaves("", {key: item for key, item in (said or {}).items() if key not in _DERIVED}))
        for said in (before, after)
    )
    return tuple(
        FieldChange(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys(), key=_order)
        if old.get(path) != new.get(path)
    )


def _order(path: str) -> tuple[int, str]:
    first = path.split(".", maxsplit=1)[0]
    return (_FIRST.index(first) if first in _FIRST else len(_FIRST), path)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and (value or not path):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
