"""The pod's termination message."""

from __future__ import annotations

from pathlib import Path

from .log import say
from .settings import TERMINATION_LOG


def write_message(path: Path, text: str) -> None:
    """Write it where Kubernetes reads it; outside a pod there is no such place."""
    if str(path) == TERMINATION_LOG and not path.exists():
        return
    try:
        path.write_text(text)
    except OSError as error:
        say(f"no termination message: {path}: {error.strerror}")
