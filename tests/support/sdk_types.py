"""Checks inputs against the types that a cloud's package has from its provider's schema."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pulumi._types import input_type_types, is_input_type

_SCALARS = (bool, float, int, str)


def errors(inputs: Mapping[str, Any], args: type, path: str = "") -> list[str]:
    """What the provider would not know, or miss, each with its path."""
    return list(_of_object(inputs, args, path))


def _of_object(inputs: Any, args: type, path: str) -> Iterator[str]:
    if not isinstance(inputs, Mapping):
        yield f"{path}: {inputs!r} is no object"
        return
    types = input_type_types(args)
    for name, value in inputs.items():
        if name not in types:
            yield f"{path}.{name}: unknown"
        else:
            yield from _of_value(value, types[name], f"{path}.{name}")
    for name in sorted(_required(args) - inputs.keys()):
        yield f"{path}.{name}: missing"


def _required(args: type) -> set[str]:
    """Names of the arguments without a default, as they go over the wire."""
    wire = {
        getter: getattr(found.fget, "_pulumi_name", getter)
        for getter, found in inspect.getmembers(args, lambda one: isinstance(one, property))
    }
    parameters = inspect.signature(args).parameters.values()
    return {wire[one.name] for one in parameters if one.default is inspect.Parameter.empty}


def _of_value(value: Any, type_: Any, path: str) -> Iterator[str]:
    origin = get_origin(type_)
    if origin in (Union, UnionType):
        found = [list(_of_value(value, one, path)) for one in get_args(type_) if _is_plain(one)]
        if all(found):
            yield from min(found, key=len)
    elif origin is not None and issubclass(origin, Mapping):
        _, of_value = get_args(type_)
        for key, item in value.items():
            yield from _of_value(item, of_value, f"{path}[{key!r}]")
    elif origin is not None and issubclass(origin, Sequence):
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _of_value(item, get_args(type_)[0], f"{path}[{index}]")
    elif is_input_type(type_):
        yield from _of_object(value, type_, path)
    elif isinstance(type_, type) and issubclass(type_, Enum):
        if value not in [one.value for one in type_]:
            yield f"{path}: {value!r} is none of {[one.value for one in type_]}"
    elif type_ in _SCALARS and not _is_scalar(value, type_):
        yield f"{path}: {value!r} is no {type_.__name__}"


def _is_plain(type_: Any) -> bool:
    """Whether a value can be of it: not an Output, an awaitable or a dict of the same."""
    name = getattr(get_origin(type_) or type_, "__name__", str(type_))
    return name not in ("Awaitable", "Output", "NoneType")


def _is_scalar(value: Any, type_: type) -> bool:
    if type_ is float:
        return isinstance(value, (float, int)) and not isinstance(value, bool)
    return type(value) is type_
