"""Fields that take a resource of the same program, or in its place what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Live:
    """Makes pydantic take a resource of a kind as it is, and else what is `said` of it.

    Both are written down by `plain`.
    """

    def __init__(self, kind: type[pulumi.Resource], said: Any, plain: Callable[[Any], Any]) -> None:
        self._kind, self._said, self._plain = kind, said, plain

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def live_or_said(value: Any, validate: Callable[[Any], Any]) -> Any:
            return value if isinstance(value, self._kind) else validate(value)

        return core_schema.no_info_wrap_validator_function(
            live_or_said,
            handler.generate_schema(self._said),
            serialization=core_schema.plain_serializer_function_ser_schema(self._plain),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what is said only."""
        return handler(schema["schema"])
