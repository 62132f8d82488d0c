"""Why a run failed, or what it waits for, in words: whole texts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.looks import (
    JOB,
    MPIJOB,
    PYTORCHJOB,
    condition,
    ended,
    event,
    failed,
    job,
    launcher,
    pod,
    report,
    store,
    waiting,
    worker,
)
from trainstack.status import Look
from trainstack.status.cause import reason_of, refused, why_failed, why_pending

BOOM = {
    "reason": "exception",
    "rank": 3,
    "node": 1,
    "error": "ValueError: boom",
    "location": "train.py:12 in main",
    "traceback": ["Traceback (most recent call last):", "ValueError: boom"],
}
LOST = {"rank": 0, "node": 0, "error": "Connection closed by peer", "lost_peer": True}
STORE_GONE = {"reason": "rendezvous", "error": "the rendezvous store is gone"}
TOO_LONG = "Pod was active on the node longer than the specified deadline"
RESTARTED = {
    "name": "pytorch",
    "image": "registry.example/train:1",
    "state": waiting("CrashLoopBackOff"),
    "lastState": ended(1, "boom"),
}


def told(pods: list[dict[str, Any]], failed_job: dict[str, Any] | None = None) -> str:
    return str(why_failed(Look(failed_job or failed(), pods)))


@pytest.mark.parametrize(
    ("pods", "text"),
    [
        (
            [worker(1, ended(1, report("failed", **BOOM)))],
            "rank 3 (node 1, run-v1-worker-1): ValueError: boom\n"
            "  at train.py:12 in main\n"
            "  Traceback (most recent call last):\n"
            "  ValueError: boom",
        ),
        (
            [worker(1, ended(1, report("failed", rank=0, error="two\nlines")))],
            "rank 0 (run-v1-worker-1): two\n  lines",
        ),
        (
            [worker(0, ended(1, report("failed", reason="placement", error="not 2 hosts")))],
            "run-v1-worker-0: not 2 hosts",
        ),
        (
            [worker(0, ended(1, report("failed", rank=0, reason="signal", error=None)))],
            "rank 0 (run-v1-worker-0): signal",
        ),
        (
            [
                worker(
                    0,
                    ended(1, report("failed", rank=0, error="killed by SIGKILL", exit_code=137)),
                    limits={"memory": "4Gi"},
                )
            ],
            "rank 0 (run-v1-worker-0): killed by SIGKILL (memory limit 4Gi)",
        ),
    ],
    ids=["an exception", "of two lines", "no rank", "no words", "a killed rank"],
)
def test_what_the_runtime_reported(pods: list[dict[str, Any]], text: str) -> None:
    assert told(pods) == text


@pytest.mark.parametrize(
    ("pods", "text"),
    [
        (
            [worker(0, ended(137, reason="OOMKilled"), limits={"memory": "4Gi"})],
            "run-v1-worker-0: exit code 137, OOMKilled (memory limit 4Gi)",
        ),
        (
            [worker(0, ended(137, reason="OOMKilled"))],
            "run-v1-worker-0: exit code 137, OOMKilled",
        ),
        ([worker(0, ended(139))], "run-v1-worker-0: exit code 139, Error (SIGSEGV)"),
        ([worker(0, ended(200))], "run-v1-worker-0: exit code 200, Error"),
        (
            [worker(0, ended(2, "\n".join(f"line {number}" for number in range(20))))],
            "run-v1-worker-0: exit code 2, Error\n"
            + "\n".join(f"  line {number}" for number in range(10, 20)),
        ),
        (
            [worker(0, ended(128, 'exec: "trian": not found', reason="StartError"))],
            'run-v1-worker-0: exit code 128, StartError\n  exec: "trian": not found',
        ),
        (
            [worker(0, statuses=[RESTARTED])],
            "run-v1-worker-0: exit code 1, Error\n  boom",
        ),
        (
            [pod("a", statuses=[{"name": "side", "state": ended(3)}])],
            "a, container side: exit code 3, Error",
        ),
    ],
    ids=[
        *["out of memory", "without a limit", "a signal", "the runtime's code", "last lines"],
        *["no such command", "restarted", "another container"],
    ],
)
def test_a_container_that_ended(pods: list[dict[str, Any]], text: str) -> None:
    assert told(pods) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            {"reason": "Evicted", "message": "The node was low on resource: memory."},
            "run-v1-worker-0: Evicted: The node was low on resource: memory.",
        ),
        (
            {"conditions": [condition("DisruptionTarget", "True", "PreemptionByScheduler", "p")]},
            "run-v1-worker-0: PreemptionByScheduler: p",
        ),
        (
            {
                "conditions": [
                    condition("PodScheduled", "False", "Unschedulable", "0/4 nodes: no gpu")
                ]
            },
            "run-v1-worker-0: Unschedulable: 0/4 nodes: no gpu",
        ),
    ],
    ids=["evicted", "preempted", "no node"],
)
def test_a_pod_without_a_container(status: dict[str, Any], text: str) -> None:
    assert told([worker(0, statuses=[], **status)]) == text


def test_an_evicted_pod_with_the_container_that_was_killed_for_it() -> None:
    gone = worker(0, ended(137), reason="Evicted", message="low on memory")
    assert told([gone]) == "run-v1-worker-0: Evicted: low on memory"


@pytest.mark.parametrize(
    ("pods", "first"),
    [
        (
            [
                worker(0, ended(1, report("failed", rank=0, error="lost"), at="10:02")),
                worker(1, ended(1, report("failed", rank=1, error="boom"), at="10:01")),
                worker(2, ended(143, report("stopped", error="SIGTERM"), at="10:00")),
            ],
            "rank 1 (run-v1-worker-1): boom",
        ),
        (
            [
                worker(0, ended(1, report("failed", **LOST), at="10:01")),
                worker(1, ended(1, report("failed", rank=1, error="boom"), at="10:02")),
            ],
            "rank 1 (run-v1-worker-1): boom",
        ),
        (
            [
                worker(0, ended(200, report("failed", **STORE_GONE), at="10:01")),
                worker(1, ended(137, at="10:02", reason="OOMKilled")),
            ],
            "run-v1-worker-1: exit code 137, OOMKilled",
        ),
        (
            [
                worker(0, ended(1, at="10:05")),
                worker(1, ended(143, at="10:04")),
                worker(2, ended(137, at="10:03", reason="OOMKilled")),
                worker(3, ended(0, at="10:02")),
                worker(4),
            ],
            "run-v1-worker-2: exit code 137, OOMKilled",
        ),
        (
            [
                worker(0, ended(1, report("failed", rank=0, node=0, error="late"), at="10:01")),
                store(ended(1, report("failed", rank=1, node=1, error="boom"), at="10:02")),
            ],
            "rank 1 (node 1): boom",
        ),
        (
            [
                launcher(ended(1, report("failed", **LOST), at="10:01")),
                worker(0, ended(137, at="10:02", reason="OOMKilled")),
            ],
            "run-v1-worker-0: exit code 137, OOMKilled",
        ),
        ([worker(0, ended(200, report("failed", **STORE_GONE)))], "run-v1-worker-0: the rendez"),
    ],
    ids=[
        *["the earliest report", "a lost peer", "a lost store", "the earliest exit"],
        *["the store knows", "the launcher does not", "nothing else"],
    ],
)
def test_the_first_of_several(pods: list[dict[str, Any]], first: str) -> None:
    assert told(pods).startswith(first)


@pytest.mark.parametrize("limit", ["DeadlineExceeded", "BackoffLimitExceeded"])
def test_a_limit_is_told_with_what_came_before_it(limit: str) -> None:
    pods = [pod("run-v1-x7k2p", ended(1, report("failed", rank=0, error="boom")))]
    assert told(pods, failed(limit, "was active too long", JOB)) == (
        f"{limit}; rank 0 (run-v1-x7k2p): boom"
    )


def test_a_limit_that_the_training_operator_tells_in_its_message() -> None:
    message = "PyTorchJob run-v1 has failed because it has reached the specified backoff limit"
    killed = worker(0, ended(137, reason="OOMKilled"))
    assert told([killed], failed("PyTorchJobFailed", message)) == (
        "BackoffLimitExceeded; run-v1-worker-0: exit code 137, OOMKilled"
    )


def test_a_limit_that_the_mpi_operator_tells_with_the_pods_reason() -> None:
    pods = [launcher(ended(1, report("failed", rank=2, node=1, error="boom")))]
    found = failed("BackoffLimitExceeded/", "Job has reached the specified backoff limit: ", MPIJOB)
    assert told(pods, found) == "BackoffLimitExceeded; rank 2 (node 1): boom"


def test_a_workers_own_deadline_takes_the_launcher_with_it() -> None:
    pods = [
        launcher(ended(1, report("failed", error="rank 1 is gone", lost_peer=True))),
        worker(0, ended(137), phase="Failed", reason="DeadlineExceeded", message=TOO_LONG),
    ]
    assert told(pods, failed("BackoffLimitExceeded", "", MPIJOB)) == (
        f"run-v1-worker-0: DeadlineExceeded: {TOO_LONG}"
    )


def test_a_worker_that_failed_before_the_launcher_was_there() -> None:
    pods = [
        worker(0, statuses=[], phase="Running"),
        worker(1, statuses=[], phase="Failed", reason="DeadlineExceeded", message=TOO_LONG),
    ]
    assert told(pods, failed(kind=MPIJOB)) == f"run-v1-worker-1: DeadlineExceeded: {TOO_LONG}"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            failed("DeadlineExceeded", "Job was active longer than specified deadline", JOB),
            "DeadlineExceeded: Job was active longer than specified deadline",
        ),
        (
            failed("PyTorchJobFailed", "PyTorchJob run-v1 is failed because 1 Worker failed"),
            "PyTorchJobFailed: PyTorchJob run-v1 is failed because 1 Worker failed",
        ),
        (failed(), "for an unknown reason"),
    ],
)
def test_what_the_controller_says_when_the_pods_say_nothing(
    found: dict[str, Any], text: str
) -> None:
    assert told([], found) == text


@pytest.mark.parametrize(
    ("pods", "warnings", "text"),
    [
        (
            [worker(0, waiting("ErrImagePull", "not found"))],
            [],
            "run-v1-worker-0: ErrImagePull of image 'registry.example/train:1': not found",
        ),
        (
            [worker(0, waiting("ImagePullBackOff"))],
            [],
            "run-v1-worker-0: ImagePullBackOff of image 'registry.example/train:1'",
        ),
        (
            [worker(0, waiting("CreateContainerConfigError", 'secret "hub" not found'))],
            [],
            'run-v1-worker-0: CreateContainerConfigError: secret "hub" not found',
        ),
        (
            [
                worker(0),
                worker(
                    1,
                    statuses=[],
                    conditions=[
                        condition("PodScheduled", "False", "Unschedulable", "0/4 nodes: no gpu")
                    ],
                ),
            ],
            [event("FailedScheduling", "0/4 nodes: no gpu", "run-v1-worker-1")],
            "run-v1-worker-1: Unschedulable: 0/4 nodes: no gpu",
        ),
        (
            [worker(0, waiting("ContainerCreating"))],
            [event("FailedMount", 'configmap "x" not found', "run-v1-worker-0")],
            'run-v1-worker-0: FailedMount: configmap "x" not found',
        ),
        (
            [],
            [event("FailedCreatePod", "exceeded quota: gpus")],
            "run-v1: FailedCreatePod: exceeded quota: gpus",
        ),
    ],
    ids=["image", "again", "secret", "no node", "no volume", "quota"],
)
def test_what_a_run_waits_for(
    pods: list[dict[str, Any]], warnings: list[dict[str, Any]], text: str
) -> None:
    created = job(PYTORCHJOB, {"conditions": [condition("Created")]})
    look = Look(created, pods, warnings)
    assert str(why_pending(look)) == text
    assert reason_of(look) == text


def test_a_run_that_waits_for_nothing() -> None:
    assert why_pending(Look(job(PYTORCHJOB, {}), [worker(0)])) is None
    assert reason_of(Look(job(PYTORCHJOB, {}), [worker(0)])) is None


@pytest.mark.parametrize(
    ("warning", "final"),
    [
        (event("ValidationError", "spec.mpiReplicaSpecs[Worker]: Required value"), True),
        (event("PyTorchJobFailedValidation", "no containers"), True),
        (event("FailedCreatePod", 'pods "x" is forbidden: violates PodSecurity "x"'), True),
        (event("FailedCreate", 'admission webhook "p" denied the request: no'), True),
        (event("FailedCreate", 'pods "x" is forbidden: exceeded quota: gpus'), False),
        (event("FailedScheduling", "0/4 nodes: no gpu"), False),
    ],
)
def test_what_is_refused_for_good(warning: dict[str, Any], final: bool) -> None:
    found = refused(Look(job(PYTORCHJOB, {}), [], [warning]))
    assert found == (warning if final else None)


def test_reasons_of_runs_that_are_well() -> None:
    stuck = [worker(0, waiting("ErrImagePull"))]
    for status in ({"conditions": [condition("Succeeded")]},):
        assert reason_of(Look(job(PYTORCHJOB, status), stuck)) is None
    assert reason_of(Look(job(PYTORCHJOB, {}, suspend=True), stuck)) is None
    assert reason_of(Look(failed(), [worker(0, ended(1))])) == (
        "run-v1-worker-0: exit code 1, Error"
    )
