"""A run's state as one value: what the command line shows, as JSON."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.support.looks import (
    JOB,
    PYTORCHJOB,
    condition,
    ended,
    failed,
    job,
    report,
    store,
    worker,
)
from trainstack.status import Look, Progress, status_of

NOW = datetime(2026, 1, 1, 11, tzinfo=timezone.utc)
READY: dict[str, Any] = {"conditions": [condition("Ready")]}
LABELS = {
    "trainstack.dev/kind": "ElasticJob",
    "trainstack.dev/run": "run",
    "trainstack.dev/stack": "project.dev",
    "trainstack.dev/version": "v1",
}
NOTHING: dict[str, Any] = {
    "kind": PYTORCHJOB,
    "namespace": "team",
    "name": "run-v1",
    "phase": "Unseen",
    "reason": None,
    "component": None,
    "run_name": None,
    "version": None,
    "stack": None,
    "queue": None,
    "place": None,
    "roles": {"master": {"ready": 0, "total": 1, "restarts": 0}},
    "ready": 0,
    "total": 1,
    "restarts": 0,
    "started": None,
    "ended": None,
    "elapsed": 0.0,
    "deadline": None,
    "progress": None,
    "report": {},
    "result": None,
    "decks": None,
}


def said(look: Look, progress: Progress | None = None) -> dict[str, Any]:
    return dict(json.loads(json.dumps(status_of(look, NOW, progress).to_dict())))


def test_a_job_that_nothing_is_known_of() -> None:
    assert said(Look(job(PYTORCHJOB), [])) == NOTHING


def test_a_run_that_trains() -> None:
    running = job(
        PYTORCHJOB,
        {"startTime": "2026-01-01T10:30:00Z", "conditions": [condition("Running")]},
        labels=LABELS,
        replicas={"Master": 1, "Worker": 2},
        activeDeadlineSeconds=7200,
    )
    pods = [store(**READY), worker(0, **READY), worker(1)]
    assert said(Look(running, pods), Progress(3, 9, {"loss": 0.5}, "2026-01-01T10:59:00Z")) == {
        **NOTHING,
        "phase": "Running",
        "component": "ElasticJob",
        "run_name": "run",
        "version": "v1",
        "stack": "project.dev",
        "roles": {
            "store": {"ready": 1, "total": 1, "restarts": 0},
            "worker": {"ready": 1, "total": 2, "restarts": 0},
        },
        "ready": 2,
        "total": 3,
        "started": "2026-01-01T10:30:00Z",
        "elapsed": 1800.0,
        "deadline": 7200,
        "progress": {
            "step": 3,
            "total": 9,
            "metrics": {"loss": 0.5},
            "at": "2026-01-01T10:59:00Z",
        },
    }


def test_a_run_that_succeeded() -> None:
    done = job(
        JOB,
        {
            "startTime": "2026-01-01T10:30:00Z",
            "completionTime": "2026-01-01T10:31:30Z",
            "conditions": [condition("Complete")],
        },
    )
    message = report(
        result={"acc": 0.9}, decks=["/d", "loss"], world_size=2, nodes=1, restarts=1, duration=61.5
    )
    assert said(Look(done, [worker(0, ended(0, message))])) == {
        **NOTHING,
        "kind": "Job",
        "phase": "Succeeded",
        "roles": {"pod": {"ready": 0, "total": 1, "restarts": 0}},
        "restarts": 1,
        "started": "2026-01-01T10:30:00Z",
        "ended": "2026-01-01T10:31:30Z",
        "elapsed": 90.0,
        "report": {"world_size": 2, "nodes": 1, "restarts": 1, "duration": 61.5},
        "result": {"acc": 0.9},
        "decks": {"loss": "/d/loss.html"},
    }


def test_a_failure_without_a_completion_time_ended_with_its_condition() -> None:
    lost = failed("PyTorchJobFailed")
    lost["status"]["startTime"] = "2026-01-01T10:30:00Z"
    lost["status"]["conditions"][0]["lastTransitionTime"] = "2026-01-01T10:40:00Z"
    found = said(Look(lost, [worker(0, ended(1, "boom"))]))
    assert (found["phase"], found["reason"]) == ("Failed", "run-v1-worker-0: exit code 1, Error")
    assert (found["ended"], found["elapsed"]) == ("2026-01-01T10:40:00Z", 600.0)


@pytest.mark.parametrize("suspended", [True, False])
def test_the_queue_of_a_run(suspended: bool) -> None:
    labels = {"kueue.x-k8s.io/queue-name": "gpus"}
    found = said(Look(job(PYTORCHJOB, {}, labels=labels, suspend=suspended), []))
    assert (found["queue"], found["phase"]) == ("gpus", "Suspended" if suspended else "Unseen")
