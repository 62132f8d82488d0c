"""The containers of a run that print, and what stands before their lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import looks
from trainstack.logs.source import printing
from trainstack.status import Look

STARTED_AGAIN = {"name": "pytorch", "restartCount": 2, "state": {"running": {}}}
SIDECAR = {"name": "proxy", "state": {"running": {}}}
ENDED = {"name": "pytorch", "state": {"terminated": {"exitCode": 0}}}
WAITING = {"name": "pytorch", "state": {"waiting": {"reason": "ContainerCreating"}}}


def of_node(pod: dict[str, Any], node: str, each: str) -> dict[str, Any]:
    pod["spec"]["containers"][0]["env"] = [
        {"name": "PET_NODE_RANK", "value": node},
        {"name": "PET_NPROC_PER_NODE", "value": each},
    ]
    return pod


@pytest.mark.parametrize(
    ("pod", "found"),
    [
        (looks.worker(1), [("worker-1", True, False, None)]),
        (looks.worker(0, statuses=[WAITING]), []),
        (looks.worker(0, statuses=[ENDED]), [("worker-0", False, False, None)]),
        (
            looks.worker(0, statuses=[STARTED_AGAIN]),
            [("worker-0#1", False, True, None), ("worker-0#2", True, False, None)],
        ),
        (looks.store(), [("store-0", True, False, None)]),
        (looks.launcher(), [("launcher-x7k2p", True, False, None)]),
        (looks.pod("run-v1-abcde"), [("pod-abcde", True, False, None)]),
        (of_node(looks.worker(1), "2", "4"), [("worker-1", True, False, range(8, 12))]),
        (of_node(looks.worker(1), "2", "auto"), [("worker-1", True, False, None)]),
    ],
)
def test_printing(pod: dict[str, Any], found: list[tuple[str, bool, bool, range | None]]) -> None:
    look = Look(looks.job(looks.PYTORCHJOB, {}), [pod])
    assert [
        (one.source.label, one.running, one.previous, one.ranks) for one in printing(look)
    ] == found


@pytest.mark.parametrize(
    ("config", "rank"),
    [
        ('{"cluster": {"worker": []}, "task": {"type": "worker", "index": 1}}', 1),
        ('{"cluster": {"chief": [], "worker": []}, "task": {"type": "worker", "index": 1}}', 2),
        ('{"cluster": {"chief": []}, "task": {"type": "chief", "index": 0}}', 0),
        ('{"cluster": {"ps": []}, "task": {"type": "ps", "index": 0}}', None),
        ("no JSON", None),
        ("[]", None),
    ],
)
def test_the_rank_of_a_tensorflow_task(config: str, rank: int | None) -> None:
    pod = looks.worker(1)
    pod["spec"]["containers"][0]["env"] = [{"name": "TF_CONFIG", "value": config}]
    [one] = printing(Look(looks.job(looks.PYTORCHJOB, {}), [pod]))
    assert one.ranks == (None if rank is None else range(rank, rank + 1))


def test_containers_beside_the_training() -> None:
    pod = looks.worker(0, statuses=[SIDECAR])
    pod["spec"]["containers"].append({"name": "proxy"})
    [one] = printing(Look(looks.job(looks.PYTORCHJOB, {}), [pod]))
    assert one.source.label == "worker-0/proxy"
