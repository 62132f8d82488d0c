"""Why a run failed, in words: whole messages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.looks import JOB, MPIJOB, TARGET, condition, ended, failed, pod, report, waiting
from trainstack.waiting.explain import failure, pending
from trainstack.waiting.judge import Look

HEAD = "PyTorchJob run-v1 failed: "
MORE = (
    "\nmore: kubectl --namespace team logs --prefix --selector "
    "training.kubeflow.org/job-name=run-v1"
)
BOOM = {
    "reason": "exception",
    "rank": 3,
    "node": 1,
    "error": "ValueError: boom",
    "location": "train.py:12 in main",
    "traceback": ["Traceback (most recent call last):", "ValueError: boom"],
}


def told(pods: list[dict[str, Any]], job: dict[str, Any] | None = None) -> str:
    message = failure(TARGET, Look(job or failed(), pods))
    assert message.startswith(HEAD)
    assert message.endswith(MORE)
    return message.removeprefix(HEAD).removesuffix(MORE)


def test_what_the_runtime_reported() -> None:
    assert told([pod("run-v1-worker-1", ended(1, report("failed", **BOOM)))]) == (
        "rank 3 (node 1): ValueError: boom\n"
        "  at train.py:12 in main\n"
        "  Traceback (most recent call last):\n"
        "  ValueError: boom"
    )


def test_the_earliest_of_several_reports() -> None:
    pods = [
        pod("run-v1-worker-0", ended(1, report("failed", rank=0, error="lost"), at="10:02")),
        pod("run-v1-worker-1", ended(1, report("failed", rank=1, error="boom"), at="10:01")),
        pod("run-v1-worker-2", ended(143, report("stopped", error="SIGTERM"), at="10:00")),
    ]
    assert told(pods) == "rank 1 (in run-v1-worker-1): boom"


def test_a_report_without_a_rank() -> None:
    said = report("failed", reason="rendezvous", error="no peers")
    assert told([pod("run-v1-worker-0", ended(1, said))]) == "run-v1-worker-0: no peers"


def test_a_report_with_a_reason_only() -> None:
    said = report("failed", rank=0, reason="signal", error=None)
    assert told([pod("run-v1-worker-0", ended(1, said))]) == "rank 0 (in run-v1-worker-0): signal"


def test_a_killed_container_with_its_limit() -> None:
    killed = pod("run-v1-worker-0", ended(137, reason="OOMKilled"), limits={"memory": "4Gi"})
    assert told([killed]) == "run-v1-worker-0: exit code 137, OOMKilled (memory limit 4Gi)"


def test_a_killed_container_without_a_limit() -> None:
    assert told([pod("run-v1-worker-0", ended(137, reason="OOMKilled"))]) == (
        "run-v1-worker-0: exit code 137, OOMKilled"
    )


def test_the_last_lines_of_a_program_without_the_runtime() -> None:
    lines = "\n".join(f"line {number}" for number in range(20))
    assert told([pod("run-v1-worker-0", ended(2, lines))]) == (
        "run-v1-worker-0: exit code 2, Error\n"
        + "\n".join(f"  line {number}" for number in range(10, 20))
    )


def test_the_earliest_of_several_exits() -> None:
    pods = [
        pod("run-v1-master-0", ended(1, at="10:05")),
        pod("run-v1-worker-0", ended(143, at="10:04")),
        pod("run-v1-worker-1", ended(137, at="10:03", reason="OOMKilled")),
        pod("run-v1-worker-2", ended(0, at="10:02")),
        pod("run-v1-worker-3"),
    ]
    assert told(pods) == "run-v1-worker-1: exit code 137, OOMKilled"


def test_a_container_that_is_being_restarted() -> None:
    looping = {
        "name": "pytorch",
        "image": "registry.example/train:1",
        "state": waiting("CrashLoopBackOff"),
        "lastState": ended(1, "boom"),
    }
    assert told([pod("run-v1-worker-0", statuses=[looping])]) == (
        "run-v1-worker-0: exit code 1, Error\n  boom"
    )


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "InvalidImageName"])
def test_an_image_that_cannot_be_had(reason: str) -> None:
    stuck = pod("run-v1-worker-0", waiting(reason, "not found"))
    assert told([stuck]) == (
        f"run-v1-worker-0: {reason} of image 'registry.example/train:1': not found"
    )


def test_a_pod_without_a_node() -> None:
    scheduled = condition("PodScheduled", "False", "Unschedulable", "0/4 nodes: no gpu")
    stuck = pod("run-v1-worker-0", statuses=[], conditions=[scheduled])
    look = Look(failed(), [stuck])
    assert told([stuck]) == "run-v1-worker-0: Unschedulable: 0/4 nodes: no gpu"
    assert pending(look) == "; run-v1-worker-0: Unschedulable: 0/4 nodes: no gpu"


def test_an_evicted_pod() -> None:
    gone = pod("run-v1-worker-0", statuses=[], reason="Evicted", message="low on memory")
    assert told([gone]) == "run-v1-worker-0: Evicted: low on memory"


@pytest.mark.parametrize("limit", ["DeadlineExceeded", "BackoffLimitExceeded"])
def test_a_limit_is_told_with_what_came_before_it(limit: str) -> None:
    pods = [pod("run-v1-x7k2p", ended(1, report("failed", rank=0, error="boom")))]
    assert told(pods, failed(limit, "was active too long", JOB)) == (
        f"{limit}; rank 0 (in run-v1-x7k2p): boom"
    )


def test_a_limit_that_the_mpi_operator_tells_with_the_pods_reason() -> None:
    pods = [pod("run-v1-launcher-x7k2p", ended(1, report("failed", rank=2, error="boom")))]
    job = failed("BackoffLimitExceeded/", "Job has reached the specified backoff limit: ", MPIJOB)
    assert told(pods, job) == "BackoffLimitExceeded; rank 2 (in run-v1-launcher-x7k2p): boom"


def test_a_workers_own_deadline_takes_the_launcher_with_it() -> None:
    pods = [
        pod("run-v1-launcher-x7k2p", ended(1, report("failed", error="rank 1 is gone"))),
        pod("run-v1-worker-0", phase="Failed", reason="DeadlineExceeded", message="too long"),
    ]
    assert told(pods, failed("BackoffLimitExceeded", "", MPIJOB)) == (
        "DeadlineExceeded; run-v1-launcher-x7k2p: rank 1 is gone"
    )


def test_a_worker_that_failed_before_the_launcher_was_there() -> None:
    pods = [
        pod("run-v1-worker-0", statuses=[], phase="Running"),
        pod(
            "run-v1-worker-1",
            statuses=[],
            phase="Failed",
            reason="DeadlineExceeded",
            message="Pod was active on the node longer than the specified deadline",
        ),
    ]
    assert told(pods, failed(kind=MPIJOB)) == (
        "run-v1-worker-1: DeadlineExceeded: "
        "Pod was active on the node longer than the specified deadline"
    )


def test_a_limit_alone() -> None:
    job = failed("DeadlineExceeded", "Job was active longer than specified deadline", JOB)
    assert told([], job) == "DeadlineExceeded: Job was active longer than specified deadline"


def test_what_the_operator_says_when_the_pods_say_nothing() -> None:
    job = failed("PyTorchJobFailed", "PyTorchJob run-v1 has failed because it has reached")
    assert told([], job) == "PyTorchJobFailed: PyTorchJob run-v1 has failed because it has reached"


def test_nothing_is_known() -> None:
    assert told([]) == "for an unknown reason"
    assert pending(Look(failed(), [])) == ""
