"""Fixed nodes: a master that trains, and a worker."""

from __future__ import annotations

from .pods import Pods
from .programs import ALL_REDUCE, ONE_FAILS


def test_the_master_carries_the_result(pods: Pods) -> None:
    script = pods.script(ALL_REDUCE)
    master, worker = pods.ranked(0, script), pods.ranked(1, script)
    assert [master.wait(), worker.wait()] == [0, 0], master.output + worker.output
    assert master.message["result"] == {"sum": 2.0, "restarts": "0"}
    assert master.message["nodes"] == 2
    assert worker.message["result"] is None


def test_the_master_names_the_workers_fault(pods: Pods) -> None:
    script = pods.script(ONE_FAILS)
    master, worker = pods.ranked(0, script), pods.ranked(1, script)
    assert [master.wait(), worker.wait()] == [1, 1]
    for pod in (master, worker):
        assert pod.message["rank"] == 1
        assert pod.message["error"] == "ValueError: the learning rate is negative"


def test_restarts_in_place_are_refused(pods: Pods) -> None:
    pod = pods.ranked(0, pods.script(""), PET_MAX_RESTARTS="1")
    assert pod.wait() == 2
    assert "cannot restart in place" in pod.output
