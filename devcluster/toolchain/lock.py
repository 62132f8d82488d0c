"""One build at a time on a machine, whichever clone it comes from."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .cache import tools_root
from .errors import ToolchainError

POLL_SECONDS = 0.5


@contextmanager
def build_lock(waiting: Callable[[str], None]) -> Iterator[None]:
    """Held by an open file, so a killed build leaves no lock behind."""
    path = tools_root() / ".lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise ToolchainError(
            f"The tool cache {path.parent} cannot be written ({error.strerror}); "
            "set TRAINSTACK_CACHE to a folder that can."
        ) from error
    with handle:
        while not _try(handle.fileno()):
            handle.seek(0)
            waiting(
                f"waiting for the build of another process ({handle.read().strip() or 'starting'})"
            )
            time.sleep(POLL_SECONDS)
        handle.truncate(0)
        handle.write(f"pid {os.getpid()}\n")
        handle.flush()
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
