"""A job's `image`: a reference, or an image that the same program builds."""

from __future__ import annotations

from typing import Annotated, Any

import pulumi

from .inputs import Deferred
from .live import Live
from .names import Image


class BuiltImage(pulumi.ComponentResource):
    """An image that the program builds; a job that takes it waits for it."""

    reference: str | pulumi.Output[str]
    """What pods pull, `<repository>:<tag>`, known before the image is built."""
    platform: str
    """What it is built for, for example `linux/amd64`."""


def reference(image: Any) -> Any:
    """What pods pull."""
    return image.reference if isinstance(image, BuiltImage) else image


_Reference: Any = Annotated[Image | pulumi.Output[Image], Deferred()]
JobImage = Annotated[str | pulumi.Output[str] | BuiltImage, Live(BuiltImage, _Reference, reference)]
