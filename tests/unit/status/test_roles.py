"""Pods by role."""

from __future__ import annotations

from typing import Any

from tests.support.looks import (
    JOB,
    MPIJOB,
    PYTORCHJOB,
    condition,
    ended,
    job,
    launcher,
    pod,
    store,
    worker,
)
from trainstack.status import Look, Role
from trainstack.status.roles import rank_zero_pods, roles_of

READY: dict[str, Any] = {"conditions": [condition("Ready")]}
ELASTIC = {"trainstack.dev/kind": "ElasticJob"}


def restarted(times: int) -> list[dict[str, Any]]:
    return [{"name": "pytorch", "state": {"running": {}}, "restartCount": times}]


def test_of_a_pytorchjob() -> None:
    running = job(PYTORCHJOB, replicas={"Master": 1, "Worker": 3})
    pods = [worker(0, **READY), worker(1, statuses=restarted(2), **READY), worker(2)]
    assert roles_of(Look(running, pods)) == {
        "master": Role(ready=0, total=1, restarts=0),
        "worker": Role(ready=2, total=3, restarts=2),
    }


def test_the_master_of_an_elastic_job_is_its_store() -> None:
    running = job(PYTORCHJOB, labels=ELASTIC, replicas={"Master": 1, "Worker": 2})
    assert roles_of(Look(running, [store(**READY), worker(0, **READY)])) == {
        "store": Role(ready=1, total=1, restarts=0),
        "worker": Role(ready=1, total=2, restarts=0),
    }


def test_launchers_that_were_made_again_count_as_restarts() -> None:
    running = job(MPIJOB, replicas={"Launcher": 1, "Worker": 1})
    pods = [launcher(ended(1)), launcher(**READY)]
    assert roles_of(Look(running, pods))["launcher"] == Role(ready=1, total=1, restarts=1)


def test_of_a_batch_job() -> None:
    assert roles_of(Look(job(JOB), [pod("a", ended(1)), pod("b", **READY)])) == {
        "pod": Role(ready=1, total=1, restarts=1)
    }


def names(look: Look) -> list[str]:
    return [str(found["metadata"]["name"]) for found in rank_zero_pods(look)]


def test_where_rank_zero_prints() -> None:
    plain = job(PYTORCHJOB, replicas={"Worker": 2})
    assert names(Look(plain, [worker(1), worker(0)])) == ["run-v1-worker-0"]
    master = store()
    master["metadata"]["labels"].pop("trainstack.dev/kind")
    assert names(Look(plain, [worker(0), master])) == ["run-v1-master-0"]
    mpi = job(MPIJOB, replicas={"Launcher": 1, "Worker": 1})
    assert names(Look(mpi, [worker(0), launcher()])) == ["run-v1-launcher-x7k2p"]
    assert names(Look(plain, [])) == []


def test_the_newest_pod_of_a_batch_job() -> None:
    pods = [pod("old"), pod("new")]
    pods[0]["metadata"]["creationTimestamp"] = "2026-01-01T10:00:00Z"
    pods[1]["metadata"]["creationTimestamp"] = "2026-01-01T10:01:00Z"
    assert names(Look(job(JOB), pods)) == ["new"]


def test_nodes_of_an_elastic_run_are_numbered_by_the_texts_of_their_addresses() -> None:
    elastic = job(PYTORCHJOB, labels=ELASTIC, replicas={"Master": 1, "Worker": 3})
    elastic["spec"]["elasticPolicy"] = {}
    pods = [store(podIP="10.0.0.1"), worker(0, podIP="10.0.0.9"), worker(1, podIP="10.0.0.10")]
    assert names(Look(elastic, [*pods, worker(2)])) == [
        *["run-v1-worker-1", "run-v1-worker-0", "run-v1-worker-2"]
    ]
