"""Reads the logs of a run's containers from the API server."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..status import Look
from ..status.phase import phase_of
from .line import Line, lines
from .source import Printing, Source, printing

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_LOOK_EVERY = 1.0
_LAST_LINES_SECONDS = 10.0
_OVERLAP_SECONDS = 5


class Logs:
    """The logs of one run; each line comes once."""

    def __init__(self, api: ApiClient, namespace: str, seconds: int | None = None) -> None:
        """`seconds`: how far back to read; None for everything."""
        from kubernetes.client import CoreV1Api

        self._core = CoreV1Api(api)
        self._namespace = namespace
        self._seconds = seconds
        self._last: dict[Source, Line] = {}
        self._complete: dict[Source, float] = {}
        """When we surely had all that had been printed."""

    def past(self, look: Look) -> Iterator[Line]:
        """What was printed so far, in the order of time."""
        streams = [self._read(one, follow=False) for one in printing(look)]
        for line in heapq.merge(*streams, key=lambda line: line.at):
            self._last[line.source] = line
            yield line

    def coming(self, look: Callable[[], Look | None]) -> Iterator[Line]:
        """What is printed from now on, by pods that come and go, until the run has ended."""
        arrived: queue.SimpleQueue[Line] = queue.SimpleQueue()
        readers: dict[Source, threading.Thread] = {}
        ended: float | None = None
        while True:
            if ended is None and self._start_readers(look, readers, arrived):
                ended = time.monotonic()
            pause_ends = time.monotonic() + _LOOK_EVERY
            while (left := pause_ends - time.monotonic()) > 0:
                with suppress(queue.Empty):
                    yield from self._new(arrived.get(timeout=left))
            if ended is not None and arrived.empty():
                reading = any(reader.is_alive() for reader in readers.values())
                if not reading or time.monotonic() - ended > _LAST_LINES_SECONDS:
                    return

    def _new(self, line: Line) -> Iterator[Line]:
        """The line, unless it has come before over another connection."""
        known = self._last.get(line.source)
        if known is None or line.at > known.at:
            self._last[line.source] = line
            yield line

    def _start_readers(
        self,
        look: Callable[[], Look | None],
        readers: dict[Source, threading.Thread],
        arrived: queue.SimpleQueue[Line],
    ) -> bool:
        """Read every container that nobody reads; true when the run has ended."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            found = look()
        except (ApiException, HTTPError, OSError):
            return False
        for one in printing(found) if found else ():
            known = readers.get(one.source)
            if known is None or (one.running and not known.is_alive()):
                readers[one.source] = self._reader(one, arrived)
        return found is None or phase_of(found).ended

    def _reader(self, one: Printing, arrived: queue.SimpleQueue[Line]) -> threading.Thread:
        def read() -> None:
            for line in self._read(one, follow=True):
                arrived.put(line)
                self._complete[one.source] = time.monotonic()

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def _read(self, one: Printing, *, follow: bool) -> Iterator[Line]:
        """A container's lines, from a little before those that are known; none when it is gone."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        source, now = one.source, time.monotonic()
        complete, last = self._complete.get(source), self._last.get(source)
        seconds = self._seconds
        if complete is not None and last is not None:
            seconds = int(now - complete) + _OVERLAP_SECONDS
        if not follow:
            self._complete[source] = now
        with suppress(ApiException, HTTPError, OSError):
            answer: Any = self._core.read_namespaced_pod_log(
                source.pod,
                self._namespace,
                container=source.container,
                follow=follow and not one.previous,
                previous=one.previous,
                timestamps=True,
                _preload_content=False,
                **({} if seconds is None else {"since_seconds": seconds}),
            )
            known = last.ranks if last else one.ranks
            yield from lines(_texts(answer.stream(amt=None, decode_content=False)), source, known)


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    """Whole lines of a stream."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")
