"""Arguments as they go to a cloud's package."""

from __future__ import annotations

from typing import Any


def given(**said: Any) -> dict[str, Any]:
    """All that is not None."""
    return {name: value for name, value in said.items() if value is not None}
