"""From what the API server shows to the phase of a run, and to its result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.looks import JOB, MPIJOB, PYTORCHJOB, condition, ended, job, pod, report
from trainstack.waiting.judge import Look, Phase, judge
from trainstack.waiting.message import decks, messages, verdict


@pytest.mark.parametrize(
    ("kind", "status", "phase"),
    [
        (PYTORCHJOB, None, Phase.UNSEEN),
        (PYTORCHJOB, {}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": None}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": []}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": [condition("Created")]}, Phase.PENDING),
        (
            PYTORCHJOB,
            {"conditions": [condition("Created"), condition("Suspended")]},
            Phase.PENDING,
        ),
        (PYTORCHJOB, {"conditions": [condition("Created"), condition("Running")]}, Phase.RUNNING),
        (
            PYTORCHJOB,
            {"conditions": [condition("Created"), condition("Restarting")]},
            Phase.PENDING,
        ),
        (
            PYTORCHJOB,
            {"conditions": [condition("Running", "False"), condition("Succeeded")]},
            Phase.SUCCEEDED,
        ),
        (
            PYTORCHJOB,
            {"conditions": [condition("Running", "False"), condition("Failed")]},
            Phase.FAILED,
        ),
        (PYTORCHJOB, {"conditions": [condition("Failed", "False")]}, Phase.PENDING),
        (JOB, None, Phase.UNSEEN),
        (JOB, {}, Phase.UNSEEN),
        (JOB, {"active": 1, "ready": 0}, Phase.PENDING),
        (JOB, {"active": 1, "ready": 1}, Phase.RUNNING),
        (JOB, {"succeeded": 1, "conditions": [condition("SuccessCriteriaMet")]}, Phase.PENDING),
        (
            JOB,
            {"conditions": [condition("SuccessCriteriaMet"), condition("Complete")]},
            Phase.SUCCEEDED,
        ),
        (JOB, {"conditions": [condition("FailureTarget"), condition("Failed")]}, Phase.FAILED),
        (JOB, {"active": 1, "ready": 1, "conditions": [condition("Failed")]}, Phase.FAILED),
    ],
)
def test_phase(kind: str, status: dict[str, Any] | None, phase: Phase) -> None:
    assert judge(Look(job(kind, status), [])) is phase


EVICTED = {"conditions": [condition("Created"), condition("Failed", reason="MPIJobEvicted")]}
ENDED_AT = "2026-01-01T10:00:00Z"
LOST = pod("run-worker-1", statuses=[], phase="Failed", reason="Evicted")


@pytest.mark.parametrize(
    ("status", "pods", "phase"),
    [
        (None, [], Phase.UNSEEN),
        ({"conditions": [condition("Created")]}, [], Phase.PENDING),
        (
            {"conditions": [condition("Running")], "replicaStatuses": {"Launcher": {"active": 1}}},
            [],
            Phase.RUNNING,
        ),
        (
            {"conditions": [condition("Created")], "replicaStatuses": {"Launcher": {}}},
            [],
            Phase.PENDING,
        ),
        ({"conditions": [condition("Succeeded")], "completionTime": ENDED_AT}, [], Phase.SUCCEEDED),
        ({"conditions": [condition("Failed")], "completionTime": ENDED_AT}, [], Phase.FAILED),
        # Evicted workers: the launcher goes on without them, or was never started.
        ({**EVICTED, "replicaStatuses": {"Launcher": {"active": 1}}}, [LOST], Phase.RUNNING),
        ({**EVICTED, "replicaStatuses": {"Launcher": {}}}, [LOST], Phase.PENDING),
        ({**EVICTED, "replicaStatuses": {"Worker": {"failed": 1}}}, [LOST], Phase.FAILED),
        ({**EVICTED, "completionTime": ENDED_AT}, [LOST], Phase.FAILED),
        ({"conditions": [condition("Created")]}, [LOST], Phase.FAILED),
    ],
)
def test_phase_of_an_mpijob(
    status: dict[str, Any] | None, pods: list[dict[str, Any]], phase: Phase
) -> None:
    assert judge(Look(job(MPIJOB, status), pods)) is phase


def test_a_report_is_read_where_the_container_ended() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(world_size=2), at="10:02")),
        pod("run-worker-0", ended(0, report(result={"acc": 0.9}), at="10:01")),
    ]
    assert [(name, said["result"]) for name, said in messages(pods, "pytorch")] == [
        ("run-worker-0", {"acc": 0.9}),
        ("run-worker-1", None),
    ]
    assert verdict(pods, "pytorch")["result"] == {"acc": 0.9}


def test_the_result_wins_over_an_earlier_success_without_one() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(result={"acc": 0.9}), at="10:02")),
    ]
    assert verdict(pods, "pytorch")["result"] == {"acc": 0.9}


def test_decks_win_over_an_earlier_success_without_them() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(decks=["/d", "loss"]), at="10:02")),
    ]
    assert decks(verdict(pods, "pytorch")) == {"loss": "/d/loss.html"}
    assert decks(verdict(pods[:1], "pytorch")) == {}
    assert decks(verdict([], "pytorch")) is None


def test_a_falsy_result_is_a_result() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(result={}), at="10:02")),
    ]
    assert verdict(pods, "pytorch")["result"] == {}


def test_a_restarted_container_is_read_from_its_last_state() -> None:
    restarted = {
        "name": "pytorch",
        "state": {"running": {}},
        "lastState": {"terminated": ended(1, report("failed", error="boom"))["terminated"]},
    }
    ((name, said),) = messages([pod("run-worker-0", statuses=[restarted])], "pytorch")
    assert (name, said["error"]) == ("run-worker-0", "boom")


@pytest.mark.parametrize(
    "message",
    [None, "", "Killed", "[1]", "3", '"failed"', "{}", '{"result": 3}', "{", "null"],
)
def test_what_is_no_report_is_passed_over(message: str | None) -> None:
    pods = [pod("run-worker-0", ended(0, message)), pod("run-worker-1")]
    assert messages(pods, "pytorch") == []
    assert verdict(pods, "pytorch") == {}


def test_other_containers_are_passed_over() -> None:
    side = {"name": "side", "state": ended(0, report(result={"acc": 1}))}
    assert messages([pod("run-worker-0", statuses=[side])], "pytorch") == []


def test_only_successes_make_a_verdict() -> None:
    pods = [pod("run-worker-0", ended(1, report("failed", result={"acc": 1})))]
    assert verdict(pods, "pytorch") == {}


def test_reports_are_json_lines_of_the_runtime() -> None:
    assert json.loads(report())["status"] == "succeeded"
