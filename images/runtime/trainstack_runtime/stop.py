"""Whether this process was asked to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

_Handler = Callable[[int, FrameType | None], object]

_asked = threading.Event()
_installed = False


def install() -> None:
    """Take SIGTERM as a request to stop; a handler that was there is still called."""
    global _installed  # noqa: PLW0603
    if _installed or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        _asked.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, handle)
    _installed = True


def asked_to_stop() -> bool:
    """What the program was told when it asked."""
    return _asked.is_set()


def stop_requested() -> bool:
    """True once the pod is to end: save a checkpoint and return.

    Until a program asks for this function, SIGTERM ends it at once, as it does any program.
    """
    install()
    return _asked.is_set()
