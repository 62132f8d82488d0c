"""What a PyTorchJob becomes, as whole manifests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.jobs import LABELS, changed, container, env, pod, pytorch

POD: Any = {
    "metadata": {"labels": LABELS},
    "spec": {
        "containers": [
            {
                "name": "pytorch",
                "image": "registry.example/mnist:1",
                "command": ["trainstack-run", "torch", "--module", "pkg.train", "--"],
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
MASTER_ONLY = {
    "apiVersion": "kubeflow.org/v1",
    "kind": "PyTorchJob",
    "metadata": {"labels": LABELS, "name": "mnist-0a1b2c3d", "namespace": "default"},
    "spec": {
        "nprocPerNode": "1",
        "pytorchReplicaSpecs": {
            "Master": {"replicas": 1, "restartPolicy": "Never", "template": POD},
        },
        "runPolicy": {"backoffLimit": 0, "cleanPodPolicy": "Running", "suspend": False},
    },
}
WITH_WORKERS = changed(
    MASTER_ONLY,
    {
        "spec/pytorchReplicaSpecs/Worker": {
            "replicas": 3,
            "restartPolicy": "Never",
            "template": POD,
        }
    },
)
ROLES = "spec/pytorchReplicaSpecs"
MASTER = f"{ROLES}/Master/template/spec"
WORKER = f"{ROLES}/Worker/template/spec"


def test_a_master_alone() -> None:
    assert pytorch() == MASTER_ONLY


def test_a_master_and_workers() -> None:
    assert pytorch(worker={"replicas": 3}) == WITH_WORKERS


def test_no_workers_said_in_words() -> None:
    assert pytorch(worker={"replicas": 0}) == MASTER_ONLY


@pytest.mark.parametrize("role", ["master", "worker"])
@pytest.mark.parametrize(
    ("field", "value", "at", "expected"),
    [
        ("image", "registry.example/other:2", "image", "registry.example/other:2"),
        ("args", ["--quiet"], "args", ["--quiet"]),
        (
            "requests",
            {"cpu": 2, "memory": "4Gi"},
            "resources",
            {"requests": {"cpu": "2", "memory": "4Gi"}},
        ),
        (
            "limits",
            {"cpu": "2", "mem": "4Gi", "gpu": 1},
            "resources",
            {
                "limits": {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"},
                "requests": {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"},
            },
        ),
        (
            "env",
            {"SEED": 1},
            "env",
            [{"name": "SEED", "value": "1"}, *POD["spec"]["containers"][0]["env"]],
        ),
    ],
)
def test_a_role_has_its_own(role: str, field: str, value: Any, at: str, expected: Any) -> None:
    said: dict[str, Any] = {"worker": {"replicas": 3}, "master": {}}
    path = {"master": MASTER, "worker": WORKER}[role]
    manifest = pytorch(**{**said, role: {**said[role], field: value}})
    assert manifest == changed(WITH_WORKERS, {f"{path}/containers/0/{at}": expected})


def test_a_role_has_its_own_command_where_the_job_has_none() -> None:
    said: dict[str, Any] = {
        "program": None,
        "master": {"command": ["lead"]},
        "worker": {"replicas": 3, "command": ["follow"], "args": ["--fast"]},
    }
    assert pytorch(**said) == changed(
        WITH_WORKERS,
        {
            f"{MASTER}/containers/0/command": ["lead"],
            f"{WORKER}/containers/0/command": ["follow"],
            f"{WORKER}/containers/0/args": ["--fast"],
        },
    )


@pytest.mark.parametrize(
    ("master", "worker", "backoff_limit"),
    [
        ("Never", "Never", 0),
        ("OnFailure", "Never", 10),
        ("never", "FAILURE", 10),
        ("Always", "OnFailure", 10),
    ],
)
def test_restart_policies_and_the_failure_limit_that_follows(
    master: str, worker: str, backoff_limit: int
) -> None:
    values = {"never": "Never", "FAILURE": "OnFailure"}
    assert pytorch(
        master={"restart_policy": master}, worker={"replicas": 3, "restart_policy": worker}
    ) == changed(
        WITH_WORKERS,
        {
            f"{ROLES}/Master/restartPolicy": values.get(master, master),
            f"{ROLES}/Worker/restartPolicy": values.get(worker, worker),
            "spec/runPolicy/backoffLimit": backoff_limit,
        },
    )


def test_run_policy() -> None:
    manifest = pytorch(
        master={"restart_policy": "OnFailure"},
        run_policy={
            "clean_pod_policy": "none",
            "active_deadline_seconds": 3600,
            "backoff_limit": 3,
        },
    )
    assert manifest == changed(
        MASTER_ONLY,
        {
            f"{ROLES}/Master/restartPolicy": "OnFailure",
            "spec/runPolicy": {
                "activeDeadlineSeconds": 3600,
                "backoffLimit": 3,
                "cleanPodPolicy": "None",
                "suspend": False,
            },
            # The operator looks at the deadline only when something happens; the kubelet always.
            f"{MASTER}/activeDeadlineSeconds": 3600,
        },
    )


def test_no_clean_pod_policy_is_the_default_one() -> None:
    assert pytorch(run_policy={"clean_pod_policy": None}) == MASTER_ONLY


def test_job_resources_are_each_roles_without_its_own() -> None:
    manifest = pytorch(
        resources={"cpu": "500m", "gpu": "2", "devices": {"rdma/hca": 1}},
        worker={"replicas": 1, "requests": {"cpu": 1}},
    )
    amounts = {"cpu": "500m", "nvidia.com/gpu": "2", "rdma/hca": "1"}
    assert container(manifest, "Master")["resources"] == {"limits": amounts, "requests": amounts}
    assert container(manifest, "Worker")["resources"] == {"requests": {"cpu": "1"}}


def test_a_command_of_ones_own_gets_hyperparameters_before_args() -> None:
    manifest = pytorch(
        program=None,
        command=["python", "train.py"],
        args=["data"],
        hyperparameters={"lr": 0.1, "epochs": 3},
    )
    assert manifest == changed(
        MASTER_ONLY,
        {
            f"{MASTER}/containers/0/command": ["python", "train.py"],
            f"{MASTER}/containers/0/args": ["--epochs=3", "--lr=0.1", "data"],
        },
    )


def test_a_roles_args_replace_the_jobs_but_not_the_hyperparameters() -> None:
    manifest = pytorch(
        args=["data"], hyperparameters={"lr": 1}, worker={"replicas": 1, "args": ["other"]}
    )
    assert container(manifest, "Master")["args"] == ["--lr=1", "data"]
    assert container(manifest, "Worker")["args"] == ["--lr=1", "other"]


def test_a_roles_env_is_laid_over_the_jobs() -> None:
    manifest = pytorch(env={"A": "1", "B": 2}, worker={"replicas": 1, "env": {"B": "3"}})
    assert (env(manifest, "Master")["B"], env(manifest, "Worker")["B"]) == ("2", "3")
    assert env(manifest, "Worker")["A"] == "1"


def test_environment_is_sorted_with_secrets_among_it() -> None:
    manifest = pytorch(env={"Z": "z", "A": 0.5}, secrets={"K": {"name": "keys", "key": "k"}})
    assert container(manifest, "Master")["env"] == [
        {"name": "A", "value": "0.5"},
        {"name": "K", "valueFrom": {"secretKeyRef": {"key": "k", "name": "keys"}}},
        *POD["spec"]["containers"][0]["env"],
        {"name": "Z", "value": "z"},
    ]


def test_pod_fields_reach_every_role() -> None:
    manifest = pytorch(
        worker={"replicas": 3},
        service_account="trainer",
        priority="high",
        image_pull_secrets=["one", "two"],
    )
    fields = {
        "serviceAccountName": "trainer",
        "priorityClassName": "high",
        "imagePullSecrets": [{"name": "one"}, {"name": "two"}],
    }
    assert manifest == changed(
        WITH_WORKERS,
        {f"{role}/{key}": value for role in (MASTER, WORKER) for key, value in fields.items()},
    )


def test_labels_and_annotations_are_the_objects_only() -> None:
    manifest = pytorch(labels={"team": "vision"}, annotations={"example.com/note": "a b"})
    assert manifest == changed(
        MASTER_ONLY,
        {
            "metadata/labels": {"team": "vision", **LABELS},
            "metadata/annotations": {"example.com/note": "a b"},
        },
    )


def test_namespace() -> None:
    assert pytorch(namespace="2024-team") == changed(
        MASTER_ONLY, {"metadata/namespace": "2024-team"}
    )


@pytest.mark.parametrize(
    ("said", "volume"),
    [
        (True, {"medium": "Memory"}),
        ("8Gi", {"medium": "Memory", "sizeLimit": "8Gi"}),
    ],
)
def test_shared_memory(said: Any, volume: dict[str, str]) -> None:
    assert pytorch(shared_memory=said) == changed(
        MASTER_ONLY, {f"{MASTER}/volumes": [{"name": "trainstack-shm", "emptyDir": volume}]}
    )


def test_no_shared_memory() -> None:
    assert pytorch(shared_memory=False) == changed(
        MASTER_ONLY, {f"{MASTER}/volumes": None, f"{MASTER}/containers/0/volumeMounts": None}
    )


def test_overlay_of_the_job_and_over_it_of_a_role() -> None:
    manifest = pytorch(
        worker={
            "replicas": 3,
            "pod_overlay": {
                "metadata": {"annotations": {"a": "worker"}},
                "spec": {"nodeSelector": {"zone": "b"}, "tolerations": []},
            },
        },
        pod_overlay={
            "metadata": {"annotations": {"a": "job", "b": "job"}},
            "spec": {
                "nodeSelector": {"zone": "a", "disk": "ssd"},
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "containers": [
                    {"name": "pytorch", "imagePullPolicy": "Never"},
                    {"name": "sidecar", "image": "registry.example/side:1"},
                ],
            },
        },
    )
    containers = [
        {**POD["spec"]["containers"][0], "imagePullPolicy": "Never"},
        {"name": "sidecar", "image": "registry.example/side:1"},
    ]
    metadata = {"labels": LABELS, "annotations": {"a": "job", "b": "job"}}
    assert manifest == changed(
        WITH_WORKERS,
        {
            f"{ROLES}/Master/template/metadata": metadata,
            f"{MASTER}/nodeSelector": {"zone": "a", "disk": "ssd"},
            f"{MASTER}/tolerations": [{"key": "gpu", "operator": "Exists"}],
            f"{MASTER}/containers": containers,
            f"{ROLES}/Worker/template/metadata": {
                "labels": LABELS,
                "annotations": {"a": "worker", "b": "job"},
            },
            f"{WORKER}/nodeSelector": {"zone": "b", "disk": "ssd"},
            f"{WORKER}/tolerations": [],
            f"{WORKER}/containers": containers,
        },
    )


def test_an_overlaid_grace_period_is_told_to_the_runtime() -> None:
    manifest = pytorch(pod_overlay={"spec": {"terminationGracePeriodSeconds": 300}})
    assert pod(manifest, "Master")["terminationGracePeriodSeconds"] == 300
    assert env(manifest, "Master")["TRAINSTACK_GRACE_SECONDS"] == "300"


def test_an_overlay_may_mount_one_volume_twice() -> None:
    mounts = [
        {"name": "data", "mountPath": "/train", "subPath": "train"},
        {"name": "data", "mountPath": "/test", "subPath": "test"},
    ]
    manifest = pytorch(
        pod_overlay={
            "spec": {
                "volumes": [{"name": "data", "emptyDir": {}}],
                "containers": [{"name": "pytorch", "volumeMounts": mounts}],
            }
        }
    )
    shm = {"name": "trainstack-shm", "mountPath": "/dev/shm"}
    assert container(manifest, "Master")["volumeMounts"] == [shm, *mounts]
