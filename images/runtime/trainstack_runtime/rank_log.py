"""What a rank prints, kept in a file of its own beside the pod's log."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .folder import Place
from .log import say

LAST_LINES_SECONDS = 2.0


@contextmanager
def kept(place: Place, env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Copy stdout and stderr of this process, and of what it starts, to `rank-<n>.log`.

    It lies in the job's folder in `TRAINSTACK_LOG_DIR`; each attempt is appended under a heading.
    Without that variable nothing is copied.
    """
    folder = env.get("TRAINSTACK_LOG_DIR")
    path = _begun(place, Path(folder, env.get("TRAINSTACK_JOB", ""))) if folder else None
    if path is None:
        yield
        return
    copies = [_copied(descriptor, path) for descriptor in (1, 2)]
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for descriptor, original, _ in copies:
            os.dup2(original, descriptor)
            os.close(original)
        deadline = time.monotonic() + LAST_LINES_SECONDS
        for _, _, tee in copies:
            try:
                tee.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue  # something that the program started still prints


def _begun(place: Place, folder: Path) -> Path | None:
    path = folder / f"rank-{place.rank}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a") as log:
            log.write(
                f"trainstack: rank {place.rank} of {place.world_size} on node {place.node}, "
                f"restart {place.restarts}, {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n"
            )
    except OSError as error:
        say(f"no log of rank {place.rank}: {path}: {error.strerror}")
        return None
    return path


def _copied(descriptor: int, path: Path) -> tuple[int, int, subprocess.Popen[bytes]]:
    """Put a `tee` behind a descriptor; in a session of its own it outlives this rank's signals."""
    original = os.dup(descriptor)
    tee = subprocess.Popen(
        ["tee", "--append", str(path)],
        stdin=subprocess.PIPE,
        stdout=original,
        start_new_session=True,
    )
    assert tee.stdin is not None
    os.dup2(tee.stdin.fileno(), descriptor)
    tee.stdin.close()
    return descriptor, original, tee
