"""Named values that JSON can hold, Outputs anywhere at the leaves."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pulumi import Output
from pydantic import AfterValidator, ValidationInfo

from .inputs import not_secret, place
from .model import TrainstackError
from .shown import shown

_DEEPEST = 50
_ALLOWED = "must be a text, a number, a bool, None, a list or a dict"


def to_json(values: Any) -> str:
    """One line in which equal values are equal texts.

    >>> to_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _checked(values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    where = place(info, f"program.{info.field_name}")
    for name in values:
        if not name.isidentifier():
            raise ValueError(f"got {shown(name)}: must be the name of an argument")
    return {name: _value(value, name, where) for name, value in values.items()}


def _value(value: Any, path: str, where: str, depth: int = 0) -> Any:
    if isinstance(value, Output):
        return _later(value, path, where, depth)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path}: got {shown(value)}: must be finite")
        return value
    if depth > _DEEPEST:
        raise ValueError(f"{path[:80]}…: more than {_DEEPEST} lists and dicts within each other")
    if isinstance(value, (list, tuple)):
        items = enumerate(value)
        return [_value(item, f"{path}[{index}]", where, depth + 1) for index, item in items]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"{path}: got {shown(key)} as a key: must be a text")
        return {key: _value(item, f"{path}.{key}", where, depth + 1) for key, item in value.items()}
    raise ValueError(f"{path}: got {shown(value)}: {_ALLOWED}")


def _later(value: Output[Any], path: str, where: str, depth: int) -> Output[Any]:
    def check(resolved: Any) -> Any:
        try:
            return _value(whole(resolved), path, where, depth)
        except ValueError as error:
            raise TrainstackError(f"{where}.{error}") from None

    return not_secret(value, f"{where}.{path}").apply(check)


def whole(value: Any) -> Any:
    """Undo what providers do to numbers: `3` arrives as `3.0`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    return value


JsonValues = Annotated[dict[str, Any], AfterValidator(_checked)]
"""Names of arguments, and values: texts, numbers, bools, None, lists and dicts of these."""
