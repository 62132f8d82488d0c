"""The dev cluster's own processes, and their faults."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.kube import Kube

if TYPE_CHECKING:
    from devcluster import DevCluster


def pids(cluster: DevCluster) -> dict[str, int | None]:
    """The components' processes."""
    return {part.name: part.pid for part in cluster.status().components}


def kill(pid: int | None) -> None:
    """Kill a process and wait until it is gone."""
    assert pid
    os.kill(pid, signal.SIGKILL)
    path = Path(f"/proc/{pid}/stat")
    while path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.02)


@contextmanager
def killed(cluster: DevCluster, component: str) -> Iterator[None]:
    """A component is killed, and started again when the block ends."""
    kill(pids(cluster)[component])
    try:
        yield
    finally:
        cluster.up()


@contextmanager
def cordoned(kube: Kube) -> Iterator[None]:
    """The node takes no new pods as long as the block runs."""
    (node,) = (one.metadata.name for one in kube.core.list_node().items)
    kube.core.patch_node(node, {"spec": {"unschedulable": True}})
    try:
        yield
    finally:
        kube.core.patch_node(node, {"spec": {"unschedulable": None}})
