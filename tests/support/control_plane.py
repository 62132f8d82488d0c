"""Faults of the dev cluster's own components."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devcluster.process import Record

if TYPE_CHECKING:
    from devcluster import DevCluster


@contextmanager
def killed(cluster: DevCluster, component: str) -> Iterator[None]:
    """A component is killed, and started again when the block ends."""
    record = Record.load(cluster.settings.run / f"{component}.json")
    assert record is not None and record.alive, component
    os.kill(record.pid, signal.SIGKILL)
    try:
        yield
    finally:
        cluster.up()
