"""`In[T]`: a plain value, checked at once, or a Pulumi Output, checked when it resolves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pulumi import Output
from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from .model import TrainstackError, reasons

T = TypeVar("T")


class Deferred:
    """Makes pydantic check an Output's value later, and refuse a secret one."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the schema of the plain half of `T | Output[T]`."""
        (plain,) = (arg for arg in get_args(source) if get_origin(arg) is not Output)
        adapter: TypeAdapter[Any] = TypeAdapter(plain)

        def now_or_later(
            value: Any,
            validate: Callable[[Any], Any],
            info: ValidationInfo,
        ) -> Any:
            if not isinstance(value, Output):
                return validate(value)
            return _later(value, adapter, place(info, info.field_name or "value"))

        return core_schema.with_info_wrap_validator_function(
            now_or_later,
            handler.generate_schema(plain),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the plain half only."""
        return handler(schema["schema"])


In = Annotated[T | Output[T], Deferred()]


def place(info: ValidationInfo, field: str) -> str:
    """The field's name, after that of the job when `parse` reads its arguments."""
    where = (info.context or {}).get("where")
    return f"{where}: {field}" if where else field


def not_secret(value: Output[T], field: str) -> Output[T]:
    """The same Output, which fails if it turns out to be a secret."""

    async def refuse_secret(resolved: T) -> T:
        if await value.is_secret():
            raise TrainstackError(
                f"{field}: a secret Output is not allowed here; put it into a Kubernetes Secret "
                "and name that in `secrets`"
            )
        return resolved

    return value.apply(refuse_secret, run_with_unknowns=True)


def _later(value: Output[Any], adapter: TypeAdapter[Any], field: str) -> Output[Any]:
    def check(resolved: Any) -> Any:
        try:
            return adapter.validate_python(resolved)
        except ValidationError as error:
            raise TrainstackError(f"{field}: {reasons(error)}") from None

    return not_secret(value, field).apply(check)


def text(*parts: str | Output[str]) -> str | Output[str]:
    """Join texts of which some may still be Outputs."""
    if any(isinstance(part, Output) for part in parts):
        return Output.concat(*parts)
    return "".join(part for part in parts if isinstance(part, str))


def has_outputs(value: Any) -> bool:
    """Tell whether an Output hides anywhere in nested dicts and lists."""
    if isinstance(value, Output):
        return True
    if isinstance(value, Mapping):
        return any(has_outputs(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(has_outputs(item) for item in value)
    return False


def mapped(value: Any, function: Callable[[Any], T]) -> T | Output[T]:
    """Apply `function` now, or as soon as all Outputs within `value` are known."""
    if has_outputs(value):
        return Output.from_input(value).apply(function)
    return function(value)
