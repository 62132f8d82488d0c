"""A command on the launcher's pod that starts the ranks on the workers."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from . import exitcode
from .collector import Collector
from .endpoint import Endpoint
from .hostfile import Host
from .log import say
from .settings import SettingsError
from .termination import Stopped

LOOK_EVERY = 0.2
LAST_WORDS_SECONDS = 5.0
"""For what ranks say while the launch command ends."""


def count(env: Mapping[str, str], name: str, default: str = "") -> int:
    """A number of 1 or more from the environment.

    Raises `SettingsError` for anything else.
    """
    text = env.get(name, default)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name}: got {text!r}: must be a number of 1 or more")
    return int(text)


def reached(hosts: Sequence[Host], port: int, seconds: float) -> str:
    """Wait for every worker's ssh server; gives our own address as they see it.

    Raises `TimeoutError` that names the worker.
    """
    deadline = time.monotonic() + seconds
    say(f"waiting for {len(hosts)} worker(s)")
    own = ""
    for host in hosts:
        own = Endpoint(host.name, port).wait(max(0.0, deadline - time.monotonic()))
    return own


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    collector: Collector,
    saving_seconds: float,
    hopeless: Callable[[], bool] = lambda: False,
) -> int | None:
    """The launch command's exit code, or None when SIGTERM ended it.

    It is ended as soon as it is `hopeless`.
    """
    # In a session of its own: what is meant for this pod's first process is not meant for it.
    launched = subprocess.Popen(command, env=dict(env), start_new_session=True)
    try:
        while (code := launched.poll()) is None and not hopeless():
            time.sleep(LOOK_EVERY)
    except Stopped:
        say(f"SIGTERM: asked the ranks to save, waiting up to {saving_seconds:g} s")
        collector.stop()
        _end(launched, saving_seconds)
        return None
    if code is None:
        _end(launched, 0)
        return exitcode.BROKEN
    return code


def last_words(collector: Collector) -> None:
    """Wait for what ranks still have to say."""
    deadline = time.monotonic() + LAST_WORDS_SECONDS
    while not all(rank.gone for rank in collector.ranks) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)


def _end(launched: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the launch command to end, and make it end after that."""
    for end, patience in ((launched.terminate, seconds), (launched.kill, LAST_WORDS_SECONDS)):
        try:
            launched.wait(patience)
            return
        except subprocess.TimeoutExpired:
            end()
    launched.wait()
