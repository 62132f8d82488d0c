"""Values within error messages."""

from __future__ import annotations

from typing import Any

_LONGEST = 120


def shown(value: Any) -> str:
    """The value as Python writes it, shortened when it is long.

    >>> shown("x" * 1000)[-4:]
    "xx'…"
    """
    try:
        text = repr(value)
    except Exception:  # for example an int too large to print
        return f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + text[-1] + "…"
