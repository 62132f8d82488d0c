"""What the launch runtime left in termination messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.looks import PYTORCHJOB, ended, job, pod, report
from trainstack.status import Look
from trainstack.status.reports import decks, reports, verdict


def seen(pods: list[dict[str, Any]]) -> Look:
    return Look(job(PYTORCHJOB), pods)


def named(pods: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(found["metadata"]["name"], said) for found, said in reports(seen(pods))]


def test_a_report_is_read_where_the_container_ended() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(world_size=2), at="10:02")),
        pod("run-worker-0", ended(0, report(result={"acc": 0.9}), at="10:01")),
    ]
    assert [(name, said["result"]) for name, said in named(pods)] == [
        ("run-worker-0", {"acc": 0.9}),
        ("run-worker-1", None),
    ]
    assert verdict(seen(pods))["result"] == {"acc": 0.9}


def test_the_result_wins_over_an_earlier_success_without_one() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(result={"acc": 0.9}), at="10:02")),
    ]
    assert verdict(seen(pods))["result"] == {"acc": 0.9}


def test_decks_win_over_an_earlier_success_without_them() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(decks=["/d", "loss"]), at="10:02")),
    ]
    assert decks(verdict(seen(pods))) == {"loss": "/d/loss.html"}
    assert decks(verdict(seen(pods[:1]))) == {}
    assert decks(verdict(seen([]))) is None


def test_a_falsy_result_is_a_result() -> None:
    pods = [
        pod("run-worker-1", ended(0, report(), at="10:01")),
        pod("run-worker-0", ended(0, report(result={}), at="10:02")),
    ]
    assert verdict(seen(pods))["result"] == {}


def test_a_restarted_container_is_read_from_its_last_state() -> None:
    restarted = {
        "name": "pytorch",
        "state": {"running": {}},
        "lastState": {"terminated": ended(1, report("failed", error="boom"))["terminated"]},
    }
    ((name, said),) = named([pod("run-worker-0", statuses=[restarted])])
    assert (name, said["error"]) == ("run-worker-0", "boom")


@pytest.mark.parametrize(
    "message",
    [None, "", "Killed", "[1]", "3", '"failed"', "{}", '{"result": 3}', "{", "null"],
)
def test_what_is_no_report_is_passed_over(message: str | None) -> None:
    pods = [pod("run-worker-0", ended(0, message)), pod("run-worker-1")]
    assert named(pods) == []
    assert verdict(seen(pods)) == {}


def test_other_containers_are_passed_over() -> None:
    side = {"name": "side", "state": ended(0, report(result={"acc": 1}))}
    assert named([pod("run-worker-0", statuses=[side])]) == []


def test_only_successes_make_a_verdict() -> None:
    pods = [pod("run-worker-0", ended(1, report("failed", result={"acc": 1})))]
    assert verdict(seen(pods)) == {}


def test_reports_are_json_lines_of_the_runtime() -> None:
    assert json.loads(report())["status"] == "succeeded"
