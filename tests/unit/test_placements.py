"""What the benchmark of many nodes would find wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.placements import GPU, JOB, Placements

ASKS = {"resources": {"limits": {GPU: "8"}}}


def workload(job: str, pods: int = 2, admitted: str = "", finished: bool = False) -> dict[str, Any]:
    conditions = [("Admitted", admitted), ("Finished", "2026-01-01T00:01:00Z" if finished else "")]
    return {
        "metadata": {"ownerReferences": [{"name": job}]},
        "spec": {"podSets": [{"count": pods, "template": {"spec": {"containers": [ASKS]}}}]},
        "status": {
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": at}
                for kind, at in conditions
                if at
            ]
        },
    }


def pod(
    job: str, index: int, node: str = "", phase: str = "Pending", at: int = 5
) -> dict[str, Any]:
    return {
        "metadata": {
            "creationTimestamp": f"2026-01-01T00:00:0{at}Z",
            "labels": {JOB: job},
            "name": f"{job}-{index}",
        },
        "spec": {"containers": [ASKS], **({"nodeName": node} if node else {})},
        "status": {"phase": phase},
    }


@pytest.fixture
def placements() -> Placements:
    """A job that the queue has let in, on two nodes' worth of GPUs."""
    found = Placements(node_gpus=8, quota=16)
    found.workload(workload("first", admitted="2026-01-01T00:00:05Z"))
    return found


def test_a_job_that_is_placed_whole(placements: Placements) -> None:
    for index, node in enumerate(("a", "b")):
        placements.pod(pod("first", index))
        placements.pod(pod("first", index, node, "Running"))
    placements.check_whole()
    assert placements.names(lambda run: run.whole) == {"first"}
    assert placements.gpus_in_use() == 16


def test_a_node_is_free_when_its_pod_has_ended(placements: Placements) -> None:
    placements.pod(pod("first", 0, "a", "Running"))
    placements.pod(pod("first", 0, "a", "Succeeded"))
    placements.pod(pod("first", 1, "a", "Running"))
    placements.pod(pod("first", 1, "a", "Running"), gone=True)
    placements.check()
    assert placements.gpus_in_use() == 0


def test_gpus_given_twice(placements: Placements) -> None:
    placements.pod(pod("first", 0, "a", "Running"))
    placements.pod(pod("first", 1, "a", "Running"))
    placements.pod(pod("first", 1, "a", "Running"), gone=True)
    with pytest.raises(AssertionError, match="16 GPUs in use on a"):
        placements.check()


def test_more_let_in_than_the_quota(placements: Placements) -> None:
    placements.workload(workload("second", 1, admitted="2026-01-01T00:00:06Z"))
    with pytest.raises(AssertionError, match="24 GPUs let in of 16"):
        placements.check()


def test_another_may_come_in_when_one_has_finished(placements: Placements) -> None:
    placements.workload(workload("first", admitted="2026-01-01T00:00:05Z", finished=True))
    placements.workload(workload("second", admitted="2026-01-01T00:00:06Z"))
    placements.check()


def test_a_pod_before_the_queue_let_its_job_in(placements: Placements) -> None:
    placements.pod(pod("first", 0, at=4))
    with pytest.raises(AssertionError, match=r"before the queue let them in: \{'first'\}"):
        placements.check()


def test_a_pod_that_no_queue_let_in(placements: Placements) -> None:
    placements.workload(workload("second"))
    placements.pod(pod("second", 0))
    placements.check()
    with pytest.raises(AssertionError, match=r"that no queue let in: \{'second'\}"):
        placements.check_whole()


def test_a_job_with_some_of_its_pods_on_nodes(placements: Placements) -> None:
    placements.pod(pod("first", 0, "a", "Running"))
    placements.check()
    with pytest.raises(AssertionError, match=r"half placed: \{'first': '1 of 2 pods'\}"):
        placements.check_whole()
