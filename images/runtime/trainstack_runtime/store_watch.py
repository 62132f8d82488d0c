"""Whether the rendezvous store is still the one that this node joined."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .board import Board
from .endpoint import Endpoint

LOOK_EVERY = 3.0
SILENT_SECONDS = 30.0


class StoreWatch:
    """Calls `lost` with a sentence once the store is silent or another; a killed one torch sees.

    torch waits for an answer for as long as the kernel does, a quarter of an hour.
    """

    def __init__(self, endpoint: Endpoint, lost: Callable[[str], object]) -> None:
        self._endpoint = endpoint
        self._lost = lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="store-watch", daemon=True)

    def __enter__(self) -> StoreWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()

    def _watch(self) -> None:
        joined = None
        heard = time.monotonic()
        while not self._ended.wait(LOOK_EVERY):
            try:
                self._endpoint.wait(0)
                born = Board.connect(self._endpoint).born()
            except (TimeoutError, RuntimeError):
                silent = time.monotonic() - heard
                if silent > SILENT_SECONDS and not self._ended.is_set():
                    self._lost(f"it has not answered for {silent:.0f} s")
                    return
                continue
            heard = time.monotonic()
            joined = joined or born
            if born != joined:
                self._lost("another one has taken its place")
                return
