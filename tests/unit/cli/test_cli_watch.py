"""`trainstack watch` on a terminal, from a run's middle to its end."""

from __future__ import annotations

import copy
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.support.replayed_cluster import NAMESPACE, RECORDED, Answers, replayed
from tests.support.terminal import Terminal, terminal

JOBS = f"/apis/kubeflow.org/v1/namespaces/{NAMESPACE}/tfjobs"
HEAD = "RUN     VERSION  KIND   PHASE      READY  RESTARTS  PROGRESS               ELAPSED"
ENDED = "digits  1        TFJob  Succeeded         0         step 20/20, loss 0.05  5 s"


class Cluster:
    """What was recorded, with runs that go on for as long as a test wants."""

    def __init__(self, answers: Answers, kubeconfig: Path) -> None:
        self.answers = answers
        self.kubeconfig = kubeconfig

    def running(self, name: str) -> dict[str, Any]:
        """Let a job go on; gives its end."""
        answer = self.answers[f"{JOBS}/{name}?"]
        end: dict[str, Any] = copy.deepcopy(answer["body"])
        status = answer["body"]["status"]
        status["conditions"] = [
            one for one in status["conditions"] if one["type"] not in ("Succeeded", "Failed")
        ]
        for one in status["conditions"]:
            one["status"] = "True" if one["type"] == "Running" else one["status"]
        status.pop("completionTime", None)
        return end

    def end(self, name: str, end: dict[str, Any]) -> None:
        self.answers[f"{JOBS}/{name}?"]["body"] = end

    def watch(self, name: str, columns: int = 100) -> AbstractContextManager[Terminal]:
        where = ("--namespace", NAMESPACE, "--kubeconfig", str(self.kubeconfig))
        command = (sys.executable, "-m", "trainstack.cli", "watch", name, "--every", "0.5")
        return terminal(*command, *where, columns=columns)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    answers = json.loads(RECORDED.read_text())
    with replayed(tmp_path, answers) as kubeconfig:
        yield Cluster(answers, kubeconfig)


def test_the_table_is_kept_up_to_date_until_the_run_ends(cluster: Cluster) -> None:
    end = cluster.running("digits-1")
    with cluster.watch("digits-1") as seen:
        seen.wait_for("Running")
        assert not seen.cursor
        cluster.end("digits-1", end)
        assert seen.ended() == 0
    assert seen.screen == [HEAD, ENDED, '    result: {"accuracy": 0.97}', ""]
    assert seen.cursor


def test_a_narrow_terminal_gets_whole_lines_in_the_end(cluster: Cluster) -> None:
    end = cluster.running("tune-1")
    with cluster.watch("tune-1", columns=40) as seen:
        seen.wait_for("Running")
        assert all(len(line) <= 40 for line in seen.screen)
        cluster.end("tune-1", end)
        assert seen.ended() == 1
    cause = "rank 0 (node 0, tune-1-worker-0): ValueError: lr must be above 0, got -1.0"
    assert seen.screen[2:] == [f"    {cause}", ""]


def test_an_interrupted_watch_leaves_what_was_seen(cluster: Cluster) -> None:
    cluster.running("digits-1")
    with cluster.watch("digits-1") as seen:
        seen.wait_for("Running")
        seen.process.send_signal(signal.SIGINT)
        assert seen.ended() == 130
    assert any("Running" in line for line in seen.screen)
    assert not any("Traceback" in line for line in seen.screen)
    assert seen.cursor
