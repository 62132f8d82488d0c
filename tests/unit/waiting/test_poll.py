"""Polling, against an API server that says what the test wants, on a clock that jumps."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import MaxRetryError

from tests.support.looks import (
    JOB,
    PYTORCHJOB,
    TARGET,
    condition,
    ended,
    event,
    failed,
    job,
    pod,
    report,
    waiting,
    worker,
)
from trainstack.status import Look, Progress, RunRef
from trainstack.status.reader import Reader
from trainstack.waiting import poll, witness
from trainstack.waiting.poll import wait
from trainstack.waiting.resource import _Waiter
from trainstack.waiting.target import Target
from trainstack.waiting.witness import RunFailedError

Answer = tuple[dict[str, Any], list[dict[str, Any]]] | Exception | None
RUNNING = job(PYTORCHJOB, {"conditions": [condition("Running")]})
CREATED = job(PYTORCHJOB, {"conditions": [condition("Created")]})
SUCCEEDED = job(PYTORCHJOB, {"conditions": [condition("Succeeded")]})
GONE = None
AWAY = ApiException(status=503, reason="Service Unavailable")
UNREACHABLE = MaxRetryError(pool=None, url="/", reason=None)  # type: ignore[arg-type]


class Cluster:
    """Answers each look with the next of its answers, and the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.now = 0.0
        self.asked: list[RunRef] = []
        self.events: list[dict[str, Any]] = []
        self.workloads: list[dict[str, Any]] = []
        self.steps: list[Progress] = []
        self.log: list[str] = []
        self.lines: list[str] = []

    def wait(self, *answers: Answer, target: Target = TARGET) -> dict[str, Any]:
        self.answers, self.now = list(answers), 0.0
        return wait(target, lambda text: self.lines.append(f"{self.now:.0f} {text}"))

    def look(self, ref: RunRef) -> Look | None:
        self.asked.append(ref)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer and Look(*answer)

    def with_warnings(self, look: Look) -> Look:
        return Look(look.job, look.pods, self.events)

    def with_workloads(self, look: Look) -> Look:
        return replace(look, workloads=self.workloads)

    def progress(self, look: Look, before: Progress | None = None) -> Progress | None:
        return self.steps.pop(0) if self.steps else before

    def last_lines(self, look: Look, pod: str, container: str, count: int) -> list[str]:
        return self.log[-count:]

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster to wait in, on a clock that jumps."""
    cluster = Cluster()
    clock = SimpleNamespace(monotonic=lambda: cluster.now, sleep=cluster.sleep)
    monkeypatch.setattr(Reader, "at", lambda *_where: cluster)
    monkeypatch.setattr(poll, "time", clock)
    monkeypatch.setattr(witness, "time", clock)
    return cluster


def test_success_with_a_result(cluster: Cluster) -> None:
    said = report(result={"acc": 0.97}, world_size=2, nodes=2, duration=61.5, restarts=1)
    done = cluster.wait(
        (CREATED, []), (RUNNING, [pod("w")]), (SUCCEEDED, [pod("w", ended(0, said))])
    )
    assert done == {
        "status": {
            "phase": "Succeeded",
            "world_size": 2,
            "nodes": 2,
            "duration": 61.5,
            "restarts": 1,
        },
        "result": {"acc": 0.97},
        "decks": {},
    }


def test_success_with_decks(cluster: Cluster) -> None:
    said = report(result=[1], decks=["s3://bucket/run/decks", "deck", "loss"])
    done = cluster.wait((SUCCEEDED, [pod("w", ended(0, said))]))
    assert done["result"] == [1]
    assert done["decks"] == {
        "deck": "s3://bucket/run/decks/deck.html",
        "loss": "s3://bucket/run/decks/loss.html",
    }


def test_success_without_a_report(cluster: Cluster) -> None:
    done = cluster.wait((SUCCEEDED, [pod("w", ended(0, "bye"))]))
    assert done == {"status": {"phase": "Succeeded"}, "result": None, "decks": None}


def test_where_it_looks(cluster: Cluster) -> None:
    cluster.wait((SUCCEEDED, []))
    assert cluster.asked == [RunRef("kubeflow.org/v1", PYTORCHJOB, "team", "run-v1")]


def test_a_batch_job(cluster: Cluster) -> None:
    target = replace(TARGET, kind=JOB, group="batch")
    complete = job(JOB, {"conditions": [condition("Complete")]})
    assert cluster.wait((complete, []), target=target)["status"] == {"phase": "Succeeded"}
    with pytest.raises(RunFailedError, match=r"^Job run-v1 failed: BackoffLimitExceeded: too many"):
        cluster.wait((failed("BackoffLimitExceeded", "too many", JOB), []), target=target)


def test_running_is_enough_when_that_was_asked(cluster: Cluster) -> None:
    target = replace(TARGET, wait="running")
    done = cluster.wait((CREATED, []), (RUNNING, [pod("w")]), target=target)
    assert done == {"status": {"phase": "Running"}, "result": None, "decks": None}
    assert cluster.wait((SUCCEEDED, []), target=target)["status"] == {"phase": "Succeeded"}


def test_failure_is_explained(cluster: Cluster) -> None:
    lost = worker(0, ended(1, report("failed", rank=0, error="boom")))
    cluster.log = ["epoch 1", "Killed"]
    with pytest.raises(RunFailedError) as caught:
        cluster.wait((RUNNING, []), (failed(), [lost]))
    assert str(caught.value) == (
        "PyTorchJob run-v1 failed: rank 0 (run-v1-worker-0): boom\n"
        "  epoch 1\n"
        "  Killed\n"
        "more: trainstack logs run-v1 --namespace team\n"
        "  or: kubectl --namespace team logs --prefix --selector "
        "training.kubeflow.org/job-name=run-v1"
    )


def test_pods_that_go_with_the_job_are_remembered(cluster: Cluster) -> None:
    killed = worker(1, ended(137, reason="OOMKilled"), limits={"memory": "1Gi"})
    stopped = worker(0, ended(143))
    with pytest.raises(RunFailedError, match=r"run-v1-worker-1: .*OOMKilled \(memory limit 1Gi\)"):
        cluster.wait((RUNNING, [worker(0), killed]), (failed(), [stopped]))


def test_an_image_gets_a_minute(cluster: Cluster) -> None:
    stuck = pod("run-v1-worker-0", waiting("ImagePullBackOff", "not found"))
    with pytest.raises(RunFailedError, match="ImagePullBackOff of image 'registry"):
        cluster.wait((CREATED, [stuck]))
    assert 60 < cluster.now < 65


def test_an_image_that_comes_in_the_end(cluster: Cluster) -> None:
    stuck = (CREATED, [pod("w", waiting("ErrImagePull"))])
    well = (RUNNING, [pod("w")])
    done = cluster.wait(*[stuck] * 50, well, *[stuck] * 50, (SUCCEEDED, []))
    assert done["status"] == {"phase": "Succeeded"}


def test_no_controller(cluster: Cluster) -> None:
    with pytest.raises(RunFailedError, match="no controller has taken it up for 91 s; is its oper"):
        cluster.wait((job(PYTORCHJOB, None), []))


def test_a_timeout_says_what_the_pods_wait_for(cluster: Cluster) -> None:
    scheduled = condition("PodScheduled", "False", "Unschedulable", "0/4 nodes")
    stuck = pod("run-v1-worker-0", statuses=[], conditions=[scheduled])
    with pytest.raises(RunFailedError) as caught:
        cluster.wait((CREATED, [stuck]), target=replace(TARGET, timeout=600))
    assert str(caught.value) == (
        "PyTorchJob run-v1: not finished after 600 s, but Pending; "
        "run-v1-worker-0: Unschedulable: 0/4 nodes"
    )
    assert 600 < cluster.now < 605


def test_without_a_timeout_it_waits_on(cluster: Cluster) -> None:
    answers: list[Answer] = [(RUNNING, [])] * 2_000
    assert cluster.wait(*answers, (SUCCEEDED, []))["status"] == {"phase": "Succeeded"}


def test_a_job_that_is_deleted(cluster: Cluster) -> None:
    with pytest.raises(RunFailedError, match="PyTorchJob run-v1 was deleted while it was waited"):
        cluster.wait((RUNNING, []), GONE)


def test_a_job_that_is_being_deleted(cluster: Cluster) -> None:
    going = job(PYTORCHJOB, {"conditions": [condition("Running")]})
    going["metadata"]["deletionTimestamp"] = "2026-01-01T10:00:00Z"
    with pytest.raises(RunFailedError, match="PyTorchJob run-v1 was deleted while it was waited"):
        cluster.wait((RUNNING, []), (going, []))


def test_a_job_that_is_not_there(cluster: Cluster) -> None:
    with pytest.raises(RunFailedError, match="PyTorchJob run-v1 is not in the cluster: it was"):
        cluster.wait(GONE)


def test_a_suspended_job_that_nothing_will_resume(cluster: Cluster) -> None:
    held = job(PYTORCHJOB, {"conditions": [condition("Suspended")]}, suspend=True)
    with pytest.raises(RunFailedError, match="PyTorchJob run-v1 is suspended, and in no queue"):
        cluster.wait((held, []))
    assert cluster.now == 0


def test_a_queued_job(cluster: Cluster) -> None:
    labels = {"kueue.x-k8s.io/queue-name": "gpus"}
    queued = job(PYTORCHJOB, {}, labels=labels, suspend=True)
    target = replace(TARGET, timeout=60)
    done = cluster.wait(*[(queued, [])] * 40, (RUNNING, []), (SUCCEEDED, []), target=target)
    assert done["status"] == {"phase": "Succeeded"}
    assert "run-v1: Queued in gpus, 0/1 master ready, after 0 s, 1 m 0 s to the tim" in str(
        cluster.lines
    )
    with pytest.raises(RunFailedError, match=r"not finished after 60 s, but Queued in gpus$"):
        cluster.wait((queued, []), target=target)
    waiting = condition("QuotaReserved", "False", "Pending", "no room for 8 GPUs")
    workload = {
        "metadata": {"name": "a", "ownerReferences": [{"kind": PYTORCHJOB, "name": "run-v1"}]},
        "spec": {"queueName": "gpus"},
        "status": {"conditions": [waiting]},
    }
    cluster.workloads = [workload]
    with pytest.raises(RunFailedError, match=r"but Queued in gpus \(1 of 1\); no room for 8 GPUs$"):
        cluster.wait((queued, []), target=target)


def test_a_job_that_its_operator_refuses(cluster: Cluster) -> None:
    cluster.events = [event("ValidationError", "spec.mpiReplicaSpecs[Worker]: Required value")]
    with pytest.raises(RunFailedError, match=r"run-v1 was refused: spec.mpiReplicaSpecs\[Worker"):
        cluster.wait((job(PYTORCHJOB), []))
    assert cluster.now < 15


def test_pods_that_are_refused_get_a_minute(cluster: Cluster) -> None:
    message = 'pods "run-v1-worker-0" is forbidden: violates PodSecurity "restricted:latest"'
    cluster.events = [event("FailedCreatePod", message)]
    with pytest.raises(RunFailedError, match='run-v1 was refused: pods "run-v1-worker-0" is forb'):
        cluster.wait((CREATED, []))
    assert 60 < cluster.now < 80


def test_a_quota_may_have_room_later(cluster: Cluster) -> None:
    cluster.events = [event("FailedCreatePod", "pods is forbidden: exceeded quota: gpus")]
    with pytest.raises(RunFailedError, match="after 600 s, but Pending; run-v1: FailedCreatePod: "):
        cluster.wait((CREATED, []), target=replace(TARGET, timeout=600))


def test_a_line_when_something_changes_and_now_and_then(cluster: Cluster) -> None:
    cluster.steps = [Progress(3, 9, {"loss": 0.5}), Progress(4, 9, {"loss": 0.25})]
    ready = worker(0, conditions=[condition("Ready")])
    trains = job(PYTORCHJOB, {"conditions": [condition("Running")]}, replicas={"Worker": 1})
    created = job(PYTORCHJOB, {"conditions": [condition("Created")]}, replicas={"Worker": 1})
    cluster.wait(
        *[(created, [])] * 10,
        *[(trains, [ready])] * 45,
        (SUCCEEDED, []),
        target=replace(TARGET, timeout=100),
    )
    assert cluster.lines == [
        "0 run-v1: Pending, 0/1 worker ready, step 3/9, loss 0.5, after 0 s, 1 m 40 s to the "
        "timeout",
        "10 run-v1: Running, 1/1 worker ready, step 4/9, loss 0.25, after 0 s, 1 m 30 s to the "
        "timeout",
        "40 run-v1: Running, 1/1 worker ready, step 4/9, loss 0.25, after 0 s, 1 m 0 s to the "
        "timeout",
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_job_that_may_not_be_seen(cluster: Cluster, status: int) -> None:
    with pytest.raises(RunFailedError, match="cannot look at PyTorchJob run-v1: No"):
        cluster.wait(ApiException(status=status, reason="No"))


@pytest.mark.parametrize("error", [AWAY, UNREACHABLE, ConnectionResetError("reset")])
def test_an_api_server_that_comes_back(cluster: Cluster, error: Exception) -> None:
    outage: list[Answer] = [error] * 299
    done = cluster.wait((RUNNING, []), *outage, (RUNNING, []), *outage, (SUCCEEDED, []))
    assert done["status"] == {"phase": "Succeeded"}


@pytest.mark.parametrize("error", [AWAY, UNREACHABLE, ConnectionResetError("reset")])
def test_an_api_server_that_does_not(cluster: Cluster, error: Exception) -> None:
    with pytest.raises(RunFailedError, match="the API server has not answered for 300 s: "):
        cluster.wait((RUNNING, []), error)


def test_an_outage_counts_towards_the_timeout(cluster: Cluster) -> None:
    with pytest.raises(RunFailedError, match="not finished after 60 s"):
        cluster.wait(
            (RUNNING, []), *[AWAY] * 100, (RUNNING, []), target=replace(TARGET, timeout=60)
        )


def test_a_target_survives_the_state_file() -> None:
    target = replace(TARGET, timeout=60, kubeconfig="/kube.yaml")
    props: dict[str, Any] = {**target.to_props(), "timeout": 60.0, "status": None, "__provider": ""}
    assert Target.from_props(props) == target
    assert None not in target.to_props().values()


def test_the_waiting_resource_is_made_again_for_another_run_only() -> None:
    olds = {**TARGET.to_props(), "status": {"phase": "Succeeded"}, "result": None}
    same = _Waiter().diff("run-v1", olds, {**TARGET.to_props(), "timeout": 5.0, "context": "b"})
    other = _Waiter().diff("run-v1", olds, {**TARGET.to_props(), "name": "run-v2"})
    assert (same.changes, same.replaces) == (False, [])
    assert (other.changes, other.replaces) == (True, ["name"])
