"""Launches training programs in pods; inside one: `result`, `progress`, `deck` and more."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoints import resume_folder, save_folder
    from .decks import deck
    from .errors import RecoverableError
    from .report import progress, result
    from .stop import stop_requested

__all__ = [
    "RecoverableError",
    "deck",
    "progress",
    "result",
    "resume_folder",
    "save_folder",
    "stop_requested",
]

_WHERE = {
    "RecoverableError": "errors",
    "deck": "decks",
    "progress": "report",
    "result": "report",
    "resume_folder": "checkpoints",
    "save_folder": "checkpoints",
    "stop_requested": "stop",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_WHERE[name]}", __name__)
    if name == "stop_requested":
        module.install()
    return getattr(module, name)
