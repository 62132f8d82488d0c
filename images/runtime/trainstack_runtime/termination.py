"""SIGTERM to the launcher, which is what a pod gets before it is removed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from .folder import slots
from .log import say

LOOK_EVERY = 0.1


class Stopped(BaseException):
    """The launcher was asked to stop."""


class Termination:
    """Answers the first SIGTERM by `react`; the following ones change nothing."""

    def __init__(self) -> None:
        self.react: Callable[[], object] = self.stop
        self._asked = False

    def install(self) -> None:
        """From now on."""
        signal.signal(signal.SIGTERM, self._handle)

    @staticmethod
    def stop() -> None:
        """Give up whatever is being done."""
        raise Stopped

    def finish(self) -> None:
        """The verdict is known: say it, whatever comes."""
        self.react = lambda: None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._asked = True
            self.react()


def let_save(folder: Path, seconds: float, *, groups: bool) -> None:
    """Ask each program to save, and end after `seconds` those that have not ended.

    Only the program's own process is asked, not what it started: a data loader that died of the
    signal would break the very step that is being finished. `groups` says that each program
    leads a process group, all of which is ended afterwards.
    """
    asked = [(slot, pid) for slot in slots(folder) if (pid := slot.pid) and _runs(pid)]
    say(f"SIGTERM: asked {len(asked)} process(es) to save, waiting up to {seconds:g} s")
    for _, pid in asked:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while late := [pid for slot, pid in asked if _runs(pid) and not slot.ended]:
        if time.monotonic() >= deadline:
            break
        time.sleep(LOOK_EVERY)
    for pid in late:
        say(f"process {pid} did not end in time")
        _send(pid, signal.SIGKILL)
    for _, pid in asked if groups else []:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _runs(pid: int) -> bool:
    """Whether our child has not ended; it stays for its parent's code to reap."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
