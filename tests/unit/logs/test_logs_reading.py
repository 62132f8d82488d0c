"""Merging and following logs: pods that come and go, connections that break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.support import looks
from trainstack.logs import reading
from trainstack.logs.reading import Logs
from trainstack.status import Look

Answers = dict[tuple[str, bool], list[Any]]


class Answer:
    """A response whose chunks need not end with a line."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield from self.chunks


class Core:
    """Answers each request for a pod's log with the next of its answers, then with the last."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers

    def read_namespaced_pod_log(self, pod: str, _namespace: str, **said: Any) -> Answer:
        left = self.answers[pod, said["previous"]]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LOOK_EVERY", 0.01)


def logs(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> Logs:
    monkeypatch.setattr(client, "CoreV1Api", lambda _: Core(answers))
    api: Any = None
    return Logs(api, "team")


def look(*pods: dict[str, Any], status: str = "Running") -> Look:
    job = looks.job(looks.PYTORCHJOB, {"conditions": [looks.condition(status)]})
    return Look(job, list(pods))


def test_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = looks.worker(0), looks.worker(1)
    found = logs(
        monkeypatch,
        {
            ("run-v1-worker-0", False): [[b"T1 a\nT3", b" c\n", b"T5 ", b"\xff"]],
            ("run-v1-worker-1", False): [[b"T2 b\nT4 d\n"]],
        },
    ).past(look(first, second))
    assert [(line.source.label, line.text) for line in found] == [
        ("worker-0", "a"),
        ("worker-1", "b"),
        ("worker-0", "c"),
        ("worker-1", "d"),
        ("worker-0", "\N{REPLACEMENT CHARACTER}"),
    ]


def test_a_container_that_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    again = {"name": "pytorch", "restartCount": 1, "state": {"running": {}}}
    found = logs(
        monkeypatch,
        {
            ("run-v1-worker-0", True): [[b"T1 before\n"]],
            ("run-v1-worker-0", False): [[b"T2 after\n"]],
        },
    ).past(look(looks.worker(0, statuses=[again])))
    assert [(line.source.label, line.text) for line in found] == [
        ("worker-0", "before"),
        ("worker-0#1", "after"),
    ]


def test_a_pod_whose_log_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Answers = {
        ("run-v1-worker-0", False): [ApiException(404)],
        ("run-v1-worker-1", False): [[b"T2 b\n"]],
    }
    found = logs(monkeypatch, answers).past(look(looks.worker(0), looks.worker(1)))
    assert [line.text for line in found] == ["b"]


def test_following(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection breaks, a pod comes later, and each line comes once."""
    answers: Answers = {
        ("run-v1-worker-0", False): [
            [b"T1 a\n"],
            [b"T1 a\nT2 b\n"],
            [b"T2 b\nT3 c\n"],
        ],
        ("run-v1-worker-1", False): [[b"T9 z\n"]],
    }
    found = logs(monkeypatch, answers)
    first = look(looks.worker(0))
    later: list[Look | ApiException] = [
        first,
        ApiException(500),
        first,
        look(looks.worker(0), looks.worker(1)),
        look(looks.worker(1), status="Succeeded"),
    ]

    def now() -> Look | None:
        one = later.pop(0) if len(later) > 1 else later[0]
        if isinstance(one, Exception):
            raise one
        return one

    assert [line.text for line in found.past(first)] == ["a"]
    coming = [line.text for line in found.coming(now)]
    assert sorted(coming) == ["b", "c", "z"]
    assert coming.index("b") < coming.index("c")


def test_following_ends_when_the_run_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = logs(monkeypatch, {("run-v1-worker-0", False): [[b"T1 a\n"]]})
    assert list(found.coming(lambda: None)) == []
