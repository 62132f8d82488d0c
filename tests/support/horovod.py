"""An elastic Horovod run that loses one of its two pods, and what it says of that."""

from __future__ import annotations

import time
from typing import Any

from tests.support.kube import Kube

LAUNCHER = "training.kubeflow.org/job-role=launcher"
WORKER = "training.kubeflow.org/job-role=worker"


def lose_a_worker(kube: Kube, namespace: str) -> float:
    """Delete the second worker's pod once both train; gives the moment."""

    def trains() -> bool:
        pods = kube.pods(namespace, LAUNCHER)
        logs = [kube.logs(namespace, pod["metadata"]["name"]) for pod in pods]
        return any(log.count('"step": ') >= 2 for log in logs)

    kube.wait(trains, "training on two pods", 240)
    lost = kube.pods(namespace, WORKER)[1]["metadata"]["name"]
    moment = time.time()
    kube.delete_pod(namespace, lost, grace=0)
    return moment


def recovery(worlds: list[Any], lost: float) -> str:
    """How long it took until there was one rank, and until there were two again.

    `worlds` are the numbers of ranks and the moments, as rank 0 tells them.
    """
    assert [size for size, _ in worlds] == [2, 1, 2]
    alone, together = (moment - lost for _, moment in worlds[1:])
    return (
        f"{alone:.1f} s until training went on without the worker, "
        f"{together:.1f} s until it was taken back"
    )
