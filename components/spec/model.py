"""The base of everything a user says, and the one error that answers a mistake in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, get_args

import pulumi
from pydantic import BaseModel, ConfigDict, ValidationError

from .shown import shown

M = TypeVar("M", bound="Args")


class TrainstackError(pulumi.RunError):
    """A mistake in the program: printed by the engine as one message, without a traceback."""


class Args(BaseModel):
    """Base of all arguments: unknown fields are refused and values never change.

    Raises `TrainstackError` that names each wrong field by its path, its value and what is allowed.
    """

    ELSEWHERE: ClassVar[Mapping[str, str]] = {}
    """Names that another tool has for something, each with what to say here."""
    ALLOWED: ClassVar[Mapping[str, str]] = {}
    """What a field takes, where more can be said of it than its type."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        validate_default=False,
        defer_build=True,
    )

    def __init__(self, /, **said: Any) -> None:
        try:
            super().__init__(**said)
        except ValidationError as error:
            name = type(self).__name__
            raise TrainstackError(explain(error, type(self), name)) from None

    # What pydantic asks of an `__init__` that it need not call for a model within another.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def parse(model: type[M], value: M | Mapping[str, Any] | None, where: str) -> M:
    """Read `value` as a `model`.

    `where` opens the error message, for example `ElasticJob 'digits'`.
    Raises `TrainstackError` that names each field by its path, its value and what is allowed.
    """
    if isinstance(value, model):
        return value
    if value is not None and not isinstance(value, Mapping):
        raise TrainstackError(
            f"{where}: args must be {model.__name__} or a dict, got {type(value).__name__}"
        )
    try:
        return model.model_validate(dict(value or {}), context={"where": where})
    except ValidationError as error:
        raise TrainstackError(explain(error, model, where)) from None


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """One line for each mistake: where, the field's path, the value, what is allowed."""
    lines = []
    for item in error.errors(include_url=False):
        path = _path(item["loc"])
        lines.append(": ".join(part for part in (where, path, _reason(item, model)) if part))
    return "\n".join(dict.fromkeys(lines))


def reasons(error: ValidationError) -> str:
    """What is wrong with a value that has no path."""
    return "; ".join(_reason(item, BaseModel) for item in error.errors(include_url=False))


def _path(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not (part.endswith("]") or part in _UNION_BRANCHES):
            text += f".{part}" if text else part
    return text


_TYPES = {
    "bool_type": "True or False",
    "dict_type": "a dict",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "is_instance_of": "a {class}",
    "list_type": "a list",
    "model_type": "a dict or {class_name}",
    "string_type": "a text",
    "tuple_type": "a list",
}
_UNION_BRANCHES = frozenset({"int", "str", "bool", "float", "constrained-int", "constrained-str"})


def _reason(item: Any, model: type[BaseModel]) -> str:
    kind, loc = item["type"], item["loc"]
    if isinstance(item["input"], pulumi.Output):
        return f"an Output is not allowed here; give {_allowed(model, loc) or 'a plain value'}"
    if kind == "extra_forbidden":
        return f"unknown field; {_instead(_model_at(model, loc[:-1]), loc[-1])}"
    if kind == "missing":
        return "required, but not given"
    if kind in _TYPES:
        allowed = _allowed(model, loc) or _TYPES[kind].format(**item.get("ctx", {}))
        return f"got {shown(item['input'])}: must be {allowed}"
    message: str = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message.replace("Input should be ", "must be ", 1)
    message = message[:1].lower() + message[1:]
    if kind == "value_error":
        return message
    return f"got {shown(item['input'])}: {message}"


def _instead(model: type[BaseModel], name: int | str) -> str:
    """What to say in place of a field that the model does not have."""
    instead: str | None = getattr(model, "ELSEWHERE", {}).get(name)
    if instead is not None:
        return instead
    fields = sorted(model.model_fields)
    near = difflib.get_close_matches(str(name), fields, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}allowed: {', '.join(fields)}"


def _allowed(model: type[BaseModel], loc: tuple[int | str, ...]) -> str | None:
    """What the field at `loc` says of itself; nothing for what lies in a field's list or dict."""
    current = model
    for part in loc[:-1]:
        field = current.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return None
        current = inner
    found: str | None = getattr(current, "ALLOWED", {}).get(loc[-1]) if loc else None
    return found


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that lies at `loc` below `model`."""
    current: type[BaseModel] = model
    for part in loc:
        field = current.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field else None
        if inner is not None:
            current = inner
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
