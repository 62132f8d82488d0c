"""Polling, against an API server that says what the test wants, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    failed,
    job,
    pod,
    report,
    waiting,
)
from trainstack.waiting import poll
from trainstack.waiting.poll import RunFailedError, wait
from trainstack.waiting.resource import _Waiter
from trainstack.waiting.target import Target

Answer = tuple[dict[str, Any], list[dict[str, Any]]] | Exception
RUNNING = job(PYTORCHJOB, {"conditions": [condition("Running")]})
CREATED = job(PYTORCHJOB, {"conditions": [condition("Created")]})
SUCCEEDED = job(PYTORCHJOB, {"conditions": [condition("Succeeded")]})
GONE = ApiException(status=404, reason="Not Found")
AWAY = ApiException(status=503, reason="Service Unavailable")
UNREACHABLE = MaxRetryError(pool=None, url="/", reason=None)  # type: ignore[arg-type]
Play = Callable[..., dict[str, Any]]


class Server:
    """Answers each look with the next of its answers, and the last one for ever."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.now = 0.0
        self.asked: list[Any] = []
        self.pods: list[dict[str, Any]] = []

    def get_namespaced_custom_object(self, *where: str) -> dict[str, Any]:
        self.asked.append(where)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found, self.pods = answer
        return found

    def list_namespaced_pod(self, namespace: str, label_selector: str) -> Any:
        self.asked.append((namespace, label_selector))
        return SimpleNamespace(items=self.pods)

    def sanitize_for_serialization(self, value: Any) -> Any:
        return value

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Waits while the server gives these answers."""

    def play(*answers: Answer, target: Target = TARGET) -> dict[str, Any]:
        server = Server(list(answers))
        monkeypatch.setattr(poll, "_api", lambda _target: server)
        monkeypatch.setattr("trainstack.waiting.poll.client.CustomObjectsApi", lambda api: api)
        monkeypatch.setattr("trainstack.waiting.poll.client.CoreV1Api", lambda api: api)
        monkeypatch.setattr(
            poll, "time", SimpleNamespace(monotonic=lambda: server.now, sleep=server.sleep)
        )
        play.server = server  # type: ignore[attr-defined]
        return wait(target)

    yield play


def test_success_with_a_result(play: Play) -> None:
    said = report(result={"acc": 0.97}, world_size=2, nodes=2, duration=61.5, restarts=1)
    done = play((CREATED, []), (RUNNING, [pod("w")]), (SUCCEEDED, [pod("w", ended(0, said))]))
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


def test_success_with_decks(play: Play) -> None:
    said = report(result=[1], decks=["s3://bucket/run/decks", "deck", "loss"])
    done = play((SUCCEEDED, [pod("w", ended(0, said))]))
    assert done["result"] == [1]
    assert done["decks"] == {
        "deck": "s3://bucket/run/decks/deck.html",
        "loss": "s3://bucket/run/decks/loss.html",
    }


def test_success_without_a_report(play: Play) -> None:
    done = play((SUCCEEDED, [pod("w", ended(0, "bye"))]))
    assert done == {"status": {"phase": "Succeeded"}, "result": None, "decks": None}


def test_where_it_looks(play: Play) -> None:
    play((SUCCEEDED, []))
    assert play.server.asked == [  # type: ignore[attr-defined]
        ("kubeflow.org", "v1", "team", "pytorchjobs", "run-v1"),
        ("team", "training.kubeflow.org/job-name=run-v1"),
    ]


def test_a_batch_job(play: Play) -> None:
    target = replace(TARGET, kind=JOB, group="batch", pod_label="batch.kubernetes.io/job-name")
    complete = job(JOB, {"conditions": [condition("Complete")]})
    assert play((complete, []), target=target)["status"] == {"phase": "Succeeded"}
    with pytest.raises(RunFailedError, match=r"^Job run-v1 failed: BackoffLimitExceeded: too many"):
        play((failed("BackoffLimitExceeded", "too many", JOB), []), target=target)


def test_running_is_enough_when_that_was_asked(play: Play) -> None:
    target = replace(TARGET, wait="running")
    done = play((CREATED, []), (RUNNING, [pod("w")]), target=target)
    assert done == {"status": {"phase": "Running"}, "result": None, "decks": None}
    assert play((SUCCEEDED, []), target=target)["status"] == {"phase": "Succeeded"}


def test_failure_is_explained(play: Play) -> None:
    lost = pod("run-v1-worker-0", ended(1, report("failed", rank=0, error="boom")))
    with pytest.raises(RunFailedError) as caught:
        play((RUNNING, []), (failed(), [lost]))
    assert "PyTorchJob run-v1 failed: rank 0 (in run-v1-worker-0): boom" in str(caught.value)


def test_an_image_gets_a_minute(play: Play) -> None:
    stuck = pod("run-v1-worker-0", waiting("ImagePullBackOff", "not found"))
    with pytest.raises(RunFailedError, match="ImagePullBackOff of image 'registry"):
        play((CREATED, [stuck]))
    assert 60 < play.server.now < 65  # type: ignore[attr-defined]


def test_an_image_that_comes_in_the_end(play: Play) -> None:
    stuck = (CREATED, [pod("w", waiting("ErrImagePull"))])
    well = (RUNNING, [pod("w")])
    done = play(*[stuck] * 50, well, *[stuck] * 50, (SUCCEEDED, []))
    assert done["status"] == {"phase": "Succeeded"}


def test_no_controller(play: Play) -> None:
    with pytest.raises(RunFailedError, match="no controller has taken it up for 91 s; is its oper"):
        play((job(PYTORCHJOB, None), []))


def test_a_timeout_says_what_the_pods_wait_for(play: Play) -> None:
    scheduled = condition("PodScheduled", "False", "Unschedulable", "0/4 nodes")
    stuck = pod("run-v1-worker-0", statuses=[], conditions=[scheduled])
    with pytest.raises(RunFailedError) as caught:
        play((CREATED, [stuck]), target=replace(TARGET, timeout=600))
    assert str(caught.value) == (
        "PyTorchJob run-v1: not finished after 600 s; run-v1-worker-0: Unschedulable: 0/4 nodes"
    )
    assert 600 < play.server.now < 605  # type: ignore[attr-defined]


def test_without_a_timeout_it_waits_on(play: Play) -> None:
    answers: list[Answer] = [(RUNNING, [])] * 2_000
    assert play(*answers, (SUCCEEDED, []))["status"] == {"phase": "Succeeded"}


def test_a_job_that_is_deleted(play: Play) -> None:
    with pytest.raises(RunFailedError, match="PyTorchJob run-v1 was deleted while it was waited"):
        play((RUNNING, []), GONE)


@pytest.mark.parametrize("status", [401, 403])
def test_a_job_that_may_not_be_seen(play: Play, status: int) -> None:
    with pytest.raises(RunFailedError, match="cannot look at run-v1: No"):
        play(ApiException(status=status, reason="No"))


@pytest.mark.parametrize("error", [AWAY, UNREACHABLE, ConnectionResetError("reset")])
def test_an_api_server_that_comes_back(play: Play, error: Exception) -> None:
    outage: list[Answer] = [error] * 299
    done = play((RUNNING, []), *outage, (RUNNING, []), *outage, (SUCCEEDED, []))
    assert done["status"] == {"phase": "Succeeded"}


@pytest.mark.parametrize("error", [AWAY, UNREACHABLE, ConnectionResetError("reset")])
def test_an_api_server_that_does_not(play: Play, error: Exception) -> None:
    with pytest.raises(RunFailedError, match="the API server has not answered for 300 s: "):
        play((RUNNING, []), error)


def test_an_outage_counts_towards_the_timeout(play: Play) -> None:
    with pytest.raises(RunFailedError, match="not finished after 60 s"):
        play((RUNNING, []), *[AWAY] * 100, (RUNNING, []), target=replace(TARGET, timeout=60))


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
