"""Runs the commands of a build and shows how far it is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import ImageError

TELL_EVERY = 15.0
LAST_LINES = 25


class Progress:
    """Numbered steps, each with its time and what it was expected to take."""

    def __init__(self, log: Path, steps: int) -> None:
        self._log = log
        self._steps = steps
        self._number = 0
        self._what = ""
        self._expected = 0
        self._began = 0.0

    @contextmanager
    def step(self, what: str, expected: int) -> Iterator[None]:
        """Announce a step and say how long it took."""
        self._number += 1
        self._what, self._expected, self._began = what, expected, time.monotonic()
        self._say(f"about {expected} s")
        yield
        self._say(f"done in {time.monotonic() - self._began:.0f} s")

    def run(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Run a command that must succeed, its output going to the log."""
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env
            ) as process:
                try:
                    code = self._wait(process)
                except BaseException:
                    process.terminate()
                    raise
        if code:
            raise ImageError(f"{self._what} failed ({code}); from {self._log}:\n{self._tail()}")

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return process.wait(TELL_EVERY)
            except subprocess.TimeoutExpired:
                elapsed = time.monotonic() - self._began
                self._say(f"{elapsed:.0f} s of about {self._expected} s")

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])

    def _say(self, text: str) -> None:
        print(f"[{self._number}/{self._steps}] {self._what}: {text}", file=sys.stderr, flush=True)
