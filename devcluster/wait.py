"""Waiting for something to become true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import DevClusterError

T = TypeVar("T")


def wait_for(what: str, poll: Callable[[], T | None], timeout: float, interval: float = 0.1) -> T:
    """What the poll gives as soon as it is something other than None or False."""
    deadline = time.monotonic() + timeout
    while True:
        found = poll()
        if found:
            return found
        if time.monotonic() > deadline:
            raise DevClusterError(f"{what} after {timeout:g} seconds.")
        time.sleep(interval)
