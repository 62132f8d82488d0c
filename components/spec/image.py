"""A job's `image`: a reference, or an image that the same program builds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pulumi
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .inputs import Deferred
from .names import Image


class BuiltImage(pulumi.ComponentResource):
    """An image that the program builds; a job that takes it waits for it."""

    reference: str | pulumi.Output[str]
    """What pods pull, `<repository>:<tag>`, known before the image is built."""
    platform: str
    """What it is built for, for example `linux/amd64`."""


_Reference: Any = Annotated[Image | pulumi.Output[Image], Deferred()]


class _Image:
    """Makes pydantic take a `BuiltImage` as it is, and write it down as its reference."""

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def built_or_said(value: Any, validate: Callable[[Any], Any]) -> Any:
            return value if isinstance(value, BuiltImage) else validate(value)

        return core_schema.no_info_wrap_validator_function(
            built_or_said,
            handler.generate_schema(_Reference),
            serialization=core_schema.plain_serializer_function_ser_schema(reference),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the reference only."""
        return handler(schema["schema"])


JobImage = Annotated[str | pulumi.Output[str] | BuiltImage, _Image()]


def reference(image: Any) -> Any:
    """What pods pull."""
    return image.reference if isinstance(image, BuiltImage) else image
