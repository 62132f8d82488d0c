"""Launches training programs in pods; inside one: `result`, `progress`, `stop_requested`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report import progress, result
    from .stop import stop_requested

__all__ = ["progress", "result", "stop_requested"]


def __getattr__(name: str) -> Any:
    if name in ("progress", "result"):
        from . import report

        return getattr(report, name)
    if name == "stop_requested":
        from . import stop

        stop.install()
        return stop.stop_requested
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
