"""Faults of the dev cluster's own components."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devcluster.process import Record
from tests.support.kube import Kube

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


@contextmanager
def cordoned(kube: Kube) -> Iterator[None]:
    """The node takes no new pods as long as the block runs."""
    (node,) = (one.metadata.name for one in kube.core.list_node().items)
    kube.core.patch_node(node, {"spec": {"unschedulable": True}})
    try:
        yield
    finally:
        kube.core.patch_node(node, {"spec": {"unschedulable": None}})


def evict(kube: Kube, namespace: str, pod: str) -> None:
    """What `kubectl drain` does to a pod."""
    kube.core.create_namespaced_pod_eviction(
        pod, namespace, {"metadata": {"name": pod, "namespace": namespace}}
    )
