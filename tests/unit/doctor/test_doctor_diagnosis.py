"""From what a cluster shows to plain words, a case a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support import looks
from trainstack.doctor.diagnosis import diagnose
from trainstack.doctor.evidence import Evidence, Operator, Webhook
from trainstack.status import Look, RunRef

REF = RunRef("kubeflow.org/v1", "PyTorchJob", "team", "run-v1")
DEPLOYMENT = {
    "metadata": {"namespace": "kubeflow", "name": "training-operator"},
    "spec": {"replicas": 1},
    "status": {"readyReplicas": 1},
}
RUNS = Operator(DEPLOYMENT)
WEBHOOK = Webhook("validator.example", "kubeflow/training-operator", True, 1)
PENDING = {"conditions": [looks.condition("Created")]}
RUNNING = {"conditions": [looks.condition("Running")]}
SUCCEEDED = {"conditions": [looks.condition("Succeeded")]}


def node(name: str = "a", *, ready: str = "True", **allocatable: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "allocatable": {key.replace("_", "."): value for key, value in allocatable.items()},
            "conditions": [
                {"type": "Ready", "status": ready, "message": "kubelet stopped posting"},
                {"type": "MemoryPressure", "status": "False"},
            ],
        },
    }


def unplaced(message: str, **asked: str) -> dict[str, Any]:
    scheduled = looks.condition("PodScheduled", "False", "Unschedulable", message)
    requests = {key.replace("_", "."): value for key, value in asked.items()}
    pod = looks.worker(0, statuses=[], conditions=[scheduled])
    pod["spec"]["containers"][0]["resources"] = {"requests": requests}
    pod["spec"]["nodeSelector"] = {"gpu": "h100"}
    return pod


def evidence(status: dict[str, Any] | None, *pods: dict[str, Any], **rest: Any) -> Evidence:
    warnings = rest.pop("warnings", [])
    job = rest.pop("job", None) or looks.job(
        looks.PYTORCHJOB, status, replicas={"Worker": max(1, len(pods))}
    )
    found = Evidence(
        ref=REF,
        look=Look(job, list(pods), warnings),
        nodes=(node(cpu="4", memory="16Gi"),),
        operators=(RUNS,),
        webhooks=(WEBHOOK,),
    )
    return replace(found, **rest)


CASES: dict[str, tuple[Evidence, list[str]]] = {
    "it runs": (evidence(RUNNING, looks.worker(0, conditions=[looks.condition("Ready")])), []),
    "it went well, and the operator is gone": (evidence(SUCCEEDED, operators=()), []),
    "no CRD": (
        replace(evidence(None), look=None, served=False, operators=()),
        ["the cluster does not know PyTorchJob (kubeflow.org/v1): its CRD is missing"],
    ),
    "deleted": (
        replace(evidence(None), look=None),
        ["there is no PyTorchJob team/run-v1: it was deleted, or removed itself after its end"],
    ),
    "no operator": (
        evidence(None, operators=()),
        [
            "no deployment training-operator in any namespace: nobody acts on a PyTorchJob",
            "no controller has taken it up: it has no status",
        ],
    ),
    "the operator is down": (
        evidence(
            PENDING,
            operators=(
                Operator(
                    {**DEPLOYMENT, "status": {}},
                    (looks.pod("op", looks.waiting("ImagePullBackOff")),),
                ),
            ),
        ),
        ["the operator kubeflow/training-operator is not running: op: ImagePullBackOff"],
    ),
    "the operator is scaled to nothing": (
        evidence(
            PENDING, operators=(Operator({**DEPLOYMENT, "spec": {"replicas": 0}, "status": {}}),)
        ),
        ["the operator kubeflow/training-operator is not running: it is scaled to 0"],
    ),
    "the webhook is not ready": (
        evidence(
            PENDING,
            webhooks=(
                replace(WEBHOOK, has_authority=False),
                replace(WEBHOOK, addresses=0),
                replace(WEBHOOK, addresses=None),
            ),
        ),
        [
            "the webhook validator.example has no CA bundle yet: every new PyTorchJob is refused",
            "the webhook validator.example has no ready pod behind its service "
            "kubeflow/training-operator: every new PyTorchJob is refused",
        ],
    ),
    "suspended": (
        evidence(PENDING, job=looks.job(looks.PYTORCHJOB, PENDING, suspend=True)),
        ["it is suspended: no pod is made until somebody resumes it"],
    ),
    "queued": (
        evidence(
            PENDING,
            job=looks.job(
                looks.PYTORCHJOB,
                PENDING,
                suspend=True,
                labels={"kueue.x-k8s.io/queue-name": "gpus"},
            ),
        ),
        ["it waits in the queue gpus until its quota is free"],
    ),
    "no GPU anywhere": (
        evidence(
            PENDING,
            unplaced(
                "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", **{"nvidia.com/gpu": "8"}
            ),
        ),
        ["run-v1-worker-0 has no node: no node offers nvidia.com/gpu, of which it asks for 8"],
    ),
    "more than the largest node": (
        evidence(PENDING, unplaced("0/1 nodes are available: 1 Insufficient cpu.", cpu="64")),
        ["run-v1-worker-0 has no node: it asks for 64 of cpu, and the largest node offers 4"],
    ),
    "used up": (
        evidence(PENDING, unplaced("0/1 nodes are available: 1 Insufficient cpu.", cpu="3500m")),
        ["run-v1-worker-0 has no node: cpu is used up by other pods; it asks for 3500m"],
    ),
    "nodes may not be read": (
        evidence(PENDING, unplaced("1 Insufficient cpu.", cpu="64"), nodes=None),
        ["run-v1-worker-0 has no node: it asks for 64 of cpu"],
    ),
    "a taint": (
        evidence(PENDING, unplaced("1 node(s) had untolerated taint {gpu: true}.")),
        ["run-v1-worker-0 has no node: nodes have the taint gpu: true, which it does not tolerate"],
    ),
    "no such node": (
        evidence(PENDING, unplaced("1 node(s) didn't match Pod's node affinity/selector.")),
        ["run-v1-worker-0 has no node: no node has the labels that it asks for (gpu=h100)"],
    ),
    "no volume": (
        evidence(PENDING, unplaced('persistentvolumeclaim "data" not found.')),
        [
            "run-v1-worker-0 has no node: a volume that it mounts is not there: "
            'persistentvolumeclaim "data" not found.'
        ],
    ),
    "another reason": (
        evidence(PENDING, unplaced("0/1 nodes are available: 1 node(s) were unschedulable.")),
        ["run-v1-worker-0 has no node: 0/1 nodes are available: 1 node(s) were unschedulable."],
    ),
    "no image": (
        evidence(PENDING, looks.worker(0, looks.waiting("ErrImagePull", "not found"))),
        ["run-v1-worker-0: the image registry.example/train:1 cannot be pulled: not found"],
    ),
    "no secret": (
        evidence(
            PENDING,
            looks.worker(0, looks.waiting("CreateContainerConfigError", 'secret "hub" not found')),
        ),
        ['run-v1-worker-0: its container cannot be made: secret "hub" not found'],
    ),
    "a quota": (
        evidence(
            PENDING,
            warnings=[
                looks.event("FailedCreatePod", "pods is forbidden: exceeded quota: q, used 8")
            ],
        ),
        ["the namespace's quota is used up: pods is forbidden: exceeded quota: q, used 8"],
    ),
    "pod security": (
        evidence(
            PENDING,
            warnings=[
                looks.event("FailedCreatePod", "pods is forbidden: violates PodSecurity restricted")
            ],
        ),
        ["refused: pods is forbidden: violates PodSecurity restricted"],
    ),
    "out of memory": (
        evidence(
            looks.failed()["status"],
            looks.worker(0, looks.ended(137, reason="OOMKilled"), limits={"memory": "1Gi"}),
        ),
        ["it failed: run-v1-worker-0: exit code 137, OOMKilled (memory limit 1Gi)"],
    ),
    "an exception": (
        evidence(
            looks.failed()["status"],
            looks.worker(
                0,
                looks.ended(1, looks.report("failed", rank=3, error="ValueError: no", node=1)),
            ),
        ),
        ["it failed: rank 3 (node 1, run-v1-worker-0): ValueError: no"],
    ),
    "a rendezvous that timed out": (
        evidence(
            looks.failed()["status"],
            looks.worker(
                0,
                looks.ended(202, looks.report("failed", reason="rendezvous", error="1 of 2 came")),
            ),
        ),
        ["it failed: run-v1-worker-0: 1 of 2 came"],
    ),
    "a crash loop": (
        evidence(
            RUNNING,
            looks.worker(
                0,
                statuses=[
                    {
                        "name": "pytorch",
                        "restartCount": 3,
                        "state": looks.waiting("CrashLoopBackOff"),
                        "lastState": looks.ended(127, "no such command"),
                    }
                ],
            ),
        ),
        ["it was started again 3 times: run-v1-worker-0: exit code 127, Error"],
    ),
    "one waits for the other": (
        evidence(
            PENDING,
            looks.worker(0, conditions=[looks.condition("Ready")]),
            unplaced("1 Insufficient cpu.", cpu="64"),
        ),
        [
            "run-v1-worker-0 has no node: it asks for 64 of cpu, and the largest node offers 4",
            "pods wait for others that are not ready: 1/2 worker",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong(case: str) -> None:
    given, said = CASES[case]
    found = diagnose(given)
    assert [finding.what for finding in found] == said
    assert all(finding.advice for finding in found)


def test_a_node_that_is_lost() -> None:
    pod = looks.worker(0, conditions=[looks.condition("Ready")])
    pod["spec"]["nodeName"] = "a"
    lost = (node(ready="Unknown"), node("other", ready="Unknown"))
    [finding] = diagnose(evidence(RUNNING, pod, nodes=lost))
    assert finding.what == "node a: Ready is Unknown: kubelet stopped posting"


def test_a_batch_job_needs_no_operator() -> None:
    job = looks.job(looks.JOB, {"ready": 1})
    found = Evidence(RunRef("batch/v1", "Job", "team", "run-v1"), Look(job, []), operators=())
    assert diagnose(found) == ()


@pytest.mark.parametrize(
    ("case", "advice"),
    [
        ("out of memory", "raise the memory"),
        ("an exception", "the program's own failure"),
        ("a rendezvous that timed out", "too few nodes met in time"),
        ("a crash loop", "the command is not in the image"),
        ("no GPU anywhere", "device plugin"),
        ("no operator", "ts.TrainingOperator("),
        ("pod security", "docs/policy.md"),
    ],
)
def test_what_to_do(case: str, advice: str) -> None:
    assert advice in diagnose(CASES[case][0])[0].advice


def test_the_last_lines_of_a_program_that_says_no_more() -> None:
    failed = evidence(
        looks.failed()["status"],
        looks.worker(0, looks.ended(1)),
        logs={"run-v1-worker-0/pytorch": "".join(f"T{n} line {n}\n" for n in range(20))},
    )
    [finding] = diagnose(failed)
    assert finding.lines == tuple(f"T{n} line {n}" for n in range(10, 20))
