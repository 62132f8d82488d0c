"""What a TFJob becomes, as whole manifests."""

from __future__ import annotations

from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LABELS, LEAST, changed, container, tensorflow
from trainstack.spec.model import parse
from trainstack.tensorflow.component import TENSORFLOW

JOB_LABELS = {**LABELS, "trainstack.dev/kind": "TFJob"}
POD: dict[str, Any] = {
    "metadata": {"labels": JOB_LABELS},
    "spec": {
        "containers": [
            {
                "name": "tensorflow",
                "image": "registry.example/mnist:1",
                "command": ["trainstack-run", "tensorflow", "--module", "pkg.train", "--"],
                "env": [
                    {"name": "TRAINSTACK_GRACE_SECONDS", "value": "30"},
                    {"name": "TRAINSTACK_JOB", "value": "mnist-0a1b2c3d"},
                    {"name": "TRAINSTACK_RUN", "value": "mnist"},
                    {"name": "TRAINSTACK_VERSION", "value": "0a1b2c3d"},
                ],
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [{"name": "trainstack-shm", "mountPath": "/dev/shm"}],
            }
        ],
        "terminationGracePeriodSeconds": 30,
        "volumes": [{"name": "trainstack-shm", "emptyDir": {"medium": "Memory"}}],
    },
}
ROLES = "spec/tfReplicaSpecs"


def role(replicas: int, policy: str = "Never") -> dict[str, Any]:
    return {"replicas": replicas, "restartPolicy": policy, "template": POD}


ONE_WORKER = {
    "apiVersion": "kubeflow.org/v1",
    "kind": "TFJob",
    "metadata": {"labels": JOB_LABELS, "name": "mnist-0a1b2c3d", "namespace": "default"},
    "spec": {
        "enableDynamicWorker": False,
        "runPolicy": {"backoffLimit": 0, "cleanPodPolicy": "Running", "suspend": False},
        "successPolicy": "",
        "tfReplicaSpecs": {"Worker": role(1)},
    },
}


def roles(**counts: int) -> dict[str, Any]:
    """The manifest with these replicas."""
    specs = {name: role(count) for name, count in counts.items()}
    return changed(ONE_WORKER, {ROLES: specs})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"Worker": 1}),
        ({"worker": {"replicas": 2}}, {"Worker": 2}),
        ({"chief": {"replicas": 1}}, {"Chief": 1, "Worker": 1}),
        ({"chief": {"replicas": 1}, "worker": {"replicas": 0}}, {"Chief": 1}),
        ({"ps": {"replicas": 2}}, {"Chief": 1, "Worker": 1, "PS": 2}),
        (
            {"ps": {"replicas": 1}, "worker": {"replicas": 2}, "evaluator": {"replicas": 1}},
            {"Chief": 1, "Worker": 2, "PS": 1, "Evaluator": 1},
        ),
        (
            {"worker": ts.Worker(replicas=3), "evaluator": ts.Evaluator(replicas=1)},
            {"Worker": 3, "Evaluator": 1},
        ),
        (
            {"chief": {"replicas": 0}, "ps": {"replicas": 0}, "evaluator": {"replicas": 0}},
            {"Worker": 1},
        ),
    ],
)
def test_roles_that_have_replicas(said: dict[str, Any], expected: dict[str, int]) -> None:
    manifest = tensorflow(**said)
    assert manifest == roles(**expected)
    assert list(manifest["spec"]["tfReplicaSpecs"]) == list(expected)


def test_a_run_policy_without_a_clean_pod_policy() -> None:
    policy = {"active_deadline_seconds": 60, "clean_pod_policy": None}
    assert tensorflow(run_policy=policy) == changed(
        ONE_WORKER,
        {
            "spec/runPolicy": {
                "activeDeadlineSeconds": 60,
                "backoffLimit": 0,
                "cleanPodPolicy": "Running",
                "suspend": False,
            },
            f"{ROLES}/Worker/template/spec/activeDeadlineSeconds": 60,
        },
    )


@pytest.mark.parametrize("name", ["chief", "ps", "worker", "evaluator"])
@pytest.mark.parametrize(
    ("policy", "limit"), [("Never", 0), ("OnFailure", 10), ("FAILURE", 10), ("Always", 10)]
)
def test_restart_policies_and_the_failure_limit_that_follows(
    name: str, policy: str, limit: int
) -> None:
    kind = {"ps": "PS"}.get(name, name.capitalize())
    said = {**{one: {"replicas": 1} for one in ("chief", "ps", "worker", "evaluator")}}
    said[name] = {"replicas": 1, "restart_policy": policy}  # type: ignore[dict-item]
    assert tensorflow(**said) == changed(
        roles(Chief=1, Worker=1, PS=1, Evaluator=1),
        {
            f"{ROLES}/{kind}/restartPolicy": policy.replace("FAILURE", "OnFailure"),
            "spec/runPolicy/backoffLimit": limit,
        },
    )


def test_the_seeds_example_with_plain_dicts() -> None:
    manifest = tensorflow(
        chief=ts.Chief.model_validate({"replicas": 1, "requests": {"cpu": "1", "memory": "2Gi"}}),
        worker=ts.Worker.model_validate({"replicas": 2, "requests": {"cpu": "2", "memory": "4Gi"}}),
        ps={"replicas": 1, "requests": {"cpu": "1", "mem": "2Gi"}},
    )
    small = {"requests": {"cpu": "1", "memory": "2Gi"}}
    assert container(manifest, "Chief")["resources"] == small
    assert container(manifest, "PS")["resources"] == small
    assert container(manifest, "Worker")["resources"] == {"requests": {"cpu": "2", "memory": "4Gi"}}


def test_commands_of_ones_own() -> None:
    manifest = tensorflow(
        program=None,
        worker={"replicas": 2, "command": ["python", "worker.py"]},
        ps={"replicas": 1, "command": ["python", "ps.py"]},
        chief={"replicas": 0},
        run_policy={"clean_pod_policy": "None"},
    )
    assert container(manifest, "Worker")["command"] == ["python", "worker.py"]
    assert container(manifest, "PS")["command"] == ["python", "ps.py"]
    assert manifest["spec"]["runPolicy"]["cleanPodPolicy"] == "None"


@pytest.mark.parametrize(
    ("said", "suffix", "nodes", "gpus"),
    [
        ({}, "-worker-0", 1, 1),
        ({"worker": {"replicas": 12}}, "-worker-11", 12, 12),
        ({"evaluator": {"replicas": 1}}, "-evaluator-0", 2, 2),
        (
            {"ps": {"replicas": 2, "requests": {"cpu": 1}}, "chief": {"requests": {"cpu": 1}}},
            "-worker-0",
            4,
            1,
        ),
    ],
)
def test_what_a_reviewer_sees_and_the_longest_name(
    said: dict[str, Any], suffix: str, nodes: int, gpus: int
) -> None:
    args = parse(ts.TFJobArgs, {**LEAST, "resources": {"gpu": 1}, **said}, "TFJob 'mnist'")
    assert TENSORFLOW.longest_suffix(args) == suffix
    assert TENSORFLOW.summary(args) == {"gpus": gpus, "nodes": nodes}
