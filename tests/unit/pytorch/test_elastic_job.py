"""What an ElasticJob becomes, as whole manifests."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.jobs import LABELS, changed, container, elastic, env, pod

RDZV = {
    "is_host": "0",
    "join_timeout": "900",
    "keep_alive_interval": "1",
    "keep_alive_max_attempt": "5",
    "last_call_timeout": "5",
    "read_timeout": "900",
}
RUNTIME_ENV = {
    "TRAINSTACK_GRACE_SECONDS": "30",
    "TRAINSTACK_JOB": "mnist-0a1b2c3d",
    "TRAINSTACK_RUN": "mnist",
    "TRAINSTACK_VERSION": "0a1b2c3d",
}
WORKER_ENV = {
    **RUNTIME_ENV,
    "PET_MONITOR_INTERVAL": "0.5",
    "TRAINSTACK_START_METHOD": "spawn",
}


def variables(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def trainer(values: dict[str, str]) -> dict[str, Any]:
    return {
        "containers": [
            {
                "name": "pytorch",
                "image": "registry.example/mnist:1",
                "command": ["trainstack-run", "torch", "--module", "pkg.train", "--"],
                "env": variables(values),
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [{"name": "trainstack-shm", "mountPath": "/dev/shm"}],
            }
        ],
        "terminationGracePeriodSeconds": 30,
        "volumes": [{"name": "trainstack-shm", "emptyDir": {"medium": "Memory"}}],
    }


ONE_NODE = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {
        # Pulumi would wait for the end of a batch Job; what is awaited is said by `wait`.
        "annotations": {"pulumi.com/waitFor": "jsonpath={.metadata.uid}"},
        "labels": LABELS,
        "name": "mnist-0a1b2c3d",
        "namespace": "default",
    },
    "spec": {
        "backoffLimit": 0,
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "Ignore",
                    "onPodConditions": [{"status": "True", "type": "DisruptionTarget"}],
                },
                {
                    "action": "Ignore",
                    "onExitCodes": {
                        "containerName": "pytorch",
                        "operator": "In",
                        "values": [143],
                    },
                },
            ]
        },
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {
                **trainer(
                    {
                        **WORKER_ENV,
                        "PET_MAX_RESTARTS": "10",
                        "PET_NNODES": "1",
                        "PET_NPROC_PER_NODE": "1",
                        "PET_RDZV_BACKEND": "c10d",
                        "PET_RDZV_CONF": "join_timeout=900,keep_alive_interval=1,"
                        "keep_alive_max_attempt=5,last_call_timeout=5,read_timeout=900",
                        "PET_RDZV_ID": "mnist-0a1b2c3d",
                    }
                ),
                "restartPolicy": "Never",
            },
        },
    },
}


def several(least: int, most: int) -> dict[str, Any]:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"labels": LABELS, "name": "mnist-0a1b2c3d", "namespace": "default"},
        "spec": {
            "elasticPolicy": {
                "maxReplicas": most,
                "maxRestarts": 10,
                "minReplicas": least,
                "rdzvBackend": "c10d",
                "rdzvConf": [{"key": key, "value": value} for key, value in RDZV.items()],
                "rdzvHost": "mnist-0a1b2c3d-master-0",
                "rdzvId": "mnist-0a1b2c3d",
                "rdzvPort": 23456,
            },
            "nprocPerNode": "1",
            "pytorchReplicaSpecs": {
                "Master": {
                    "replicas": 1,
                    "restartPolicy": "ExitCode",
                    "template": {
                        "metadata": {"labels": LABELS},
                        "spec": {
                            "containers": [
                                {
                                    "name": "pytorch",
                                    "image": "registry.example/mnist:1",
                                    "command": ["trainstack-run", "store"],
                                    "env": variables(
                                        {**RUNTIME_ENV, "PET_RDZV_ENDPOINT": "0.0.0.0:23456"}
                                    ),
                                    "resources": {
                                        "limits": {"memory": "1Gi"},
                                        "requests": {"cpu": "100m", "memory": "512Mi"},
                                    },
                                    "terminationMessagePolicy": "FallbackToLogsOnError",
                                }
                            ],
                            "terminationGracePeriodSeconds": 30,
                        },
                    },
                },
                "Worker": {
                    "replicas": most,
                    "restartPolicy": "OnFailure",
                    "template": {
                        "metadata": {"labels": LABELS},
                        "spec": trainer(WORKER_ENV),
                    },
                },
            },
            "runPolicy": {"backoffLimit": 10, "cleanPodPolicy": "Running", "suspend": False},
        },
    }


TWO = several(2, 2)
WORKER = "spec/pytorchReplicaSpecs/Worker/template/spec"
STORE = "spec/pytorchReplicaSpecs/Master/template/spec"


@pytest.mark.parametrize("nnodes", [1, "1", "1:1"])
def test_one_node_is_a_batch_job_however_it_is_written(nnodes: int | str) -> None:
    assert elastic(nnodes=nnodes) == ONE_NODE


def test_one_node_is_the_default() -> None:
    assert elastic() == ONE_NODE


@pytest.mark.parametrize(
    ("nnodes", "least", "most"),
    [("1:2", 1, 2), (2, 2, 2), ("2", 2, 2), ("2:2", 2, 2), (4, 4, 4), ("2:4", 2, 4)],
)
def test_several_nodes(nnodes: int | str, least: int, most: int) -> None:
    assert elastic(nnodes=nnodes) == several(least, most)


def test_the_last_node_number_is_the_longest() -> None:
    assert elastic(nnodes="1:9999") == several(1, 9999)


def test_run_policy_of_one_node() -> None:
    manifest = elastic(run_policy={"active_deadline_seconds": 60, "backoff_limit": 2})
    assert manifest == changed(
        ONE_NODE,
        {
            "spec/activeDeadlineSeconds": 60,
            "spec/backoffLimit": 2,
            "spec/template/spec/activeDeadlineSeconds": 60,
        },
    )


@pytest.mark.parametrize("policy", ["Running", "None"])
def test_one_node_has_no_pods_to_clean(policy: str) -> None:
    assert elastic(run_policy={"clean_pod_policy": policy}) == ONE_NODE


def test_one_node_has_one_size() -> None:
    assert elastic(size=1) == ONE_NODE


def test_a_suspended_job() -> None:
    assert elastic(suspend=True) == changed(ONE_NODE, {"spec/suspend": True})
    assert elastic(nnodes=2, suspend=True) == changed(
        several(2, 2), {"spec/runPolicy/suspend": True}
    )


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_size_is_a_number_of_workers_and_nothing_else(size: int) -> None:
    assert elastic(nnodes="1:4", size=size) == changed(
        several(1, 4), {"spec/pytorchReplicaSpecs/Worker/replicas": size}
    )


def test_run_policy_of_several_nodes() -> None:
    manifest = elastic(
        nnodes=2,
        run_policy={
            "active_deadline_seconds": 60,
            "backoff_limit": 2,
            "clean_pod_policy": "All",
        },
    )
    assert manifest == changed(
        TWO,
        {
            "spec/runPolicy": {
                "activeDeadlineSeconds": 60,
                "backoffLimit": 2,
                "cleanPodPolicy": "All",
                "suspend": False,
            },
            f"{WORKER}/activeDeadlineSeconds": 60,
            f"{STORE}/activeDeadlineSeconds": 60,
        },
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"join_timeout": 60}, {"join_timeout": "60"}),
        ({"timeout": 1200}, {"read_timeout": "1200"}),
        ({"read_timeout": 1200}, {"read_timeout": "1200"}),
        (
            {"close_timeout": 10, "heartbeat_timeout": 20, "last_call_timeout": 30},
            {"close_timeout": "10", "heartbeat_timeout": "20", "last_call_timeout": "30"},
        ),
        (
            {"keep_alive_interval": 3, "keep_alive_max_attempt": 7},
            {"keep_alive_interval": "3", "keep_alive_max_attempt": "7"},
        ),
    ],
)
def test_rendezvous_settings_are_laid_over_the_defaults(
    said: dict[str, int], expected: dict[str, str]
) -> None:
    settings = dict(sorted({**RDZV, **expected}.items()))
    assert elastic(nnodes=2, rdzv_configs=said) == changed(
        TWO,
        {
            "spec/elasticPolicy/rdzvConf": [
                {"key": key, "value": value} for key, value in settings.items()
            ]
        },
    )
    del settings["is_host"]  # one node is its own host
    assert env(elastic(rdzv_configs=said))["PET_RDZV_CONF"] == ",".join(
        f"{key}={value}" for key, value in settings.items()
    )


def test_what_each_field_of_its_own_becomes() -> None:
    said: dict[str, Any] = {
        "nproc_per_node": 8,
        "start_method": "fork",
        "monitor_interval": 2.5,
        "max_restarts": 0,
        "rdzv_backend": "c10d",
    }
    both = {"PET_MONITOR_INTERVAL": "2.5", "TRAINSTACK_START_METHOD": "fork"}
    assert elastic(nnodes=2, **said) == changed(
        TWO,
        {
            "spec/nprocPerNode": "8",
            "spec/elasticPolicy/maxRestarts": 0,
            f"{WORKER}/containers/0/env": variables({**WORKER_ENV, **both}),
        },
    )
    assert elastic(**said) == changed(
        ONE_NODE,
        {
            "spec/template/spec/containers/0/env": variables(
                {
                    **env(ONE_NODE),
                    **both,
                    "PET_MAX_RESTARTS": "0",
                    "PET_NPROC_PER_NODE": "8",
                }
            )
        },
    )


@pytest.mark.parametrize(
    ("said", "expected"), [(5, "5"), (0.125, "0.125"), (0.1234567, "0.1234567"), (3600, "3600")]
)
def test_the_monitor_interval_is_not_rounded(said: float, expected: str) -> None:
    assert env(elastic(monitor_interval=said))["PET_MONITOR_INTERVAL"] == expected


@pytest.mark.parametrize("role", [None, "Worker"])
def test_omp_num_threads_may_be_set(role: str | None) -> None:
    manifest = elastic(nnodes=1 if role is None else 2, env={"OMP_NUM_THREADS": 4})
    assert env(manifest, role)["OMP_NUM_THREADS"] == "4"


def test_the_store_gets_nothing_that_only_training_needs() -> None:
    manifest = elastic(
        nnodes=2,
        args=["data"],
        env={"A": "1"},
        hyperparameters={"lr": 0.1},
        secrets={"K": {"name": "keys", "key": "k"}},
        resources={"gpu": 8},
        mounts=[{"path": "/data", "pvc": "data"}],
    )
    assert pod(manifest, "Master") == pod(TWO, "Master")
    assert container(manifest, "Worker")["resources"]["limits"] == {"nvidia.com/gpu": "8"}


def test_the_store_runs_where_and_as_the_workers_do() -> None:
    manifest = elastic(
        nnodes=2,
        service_account="trainer",
        priority="high",
        image_pull_secrets=["pull"],
        pod_overlay={"spec": {"nodeSelector": {"zone": "a"}}},
    )
    fields = {
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"zone": "a"},
        "priorityClassName": "high",
        "serviceAccountName": "trainer",
    }
    assert manifest == changed(
        TWO, {f"{role}/{key}": value for role in (WORKER, STORE) for key, value in fields.items()}
    )


def test_of_an_overlay_the_store_gets_where_and_as_whom_it_runs() -> None:
    rights = {"allowPrivilegeEscalation": False}
    manifest = elastic(
        nnodes=2,
        pod_overlay={
            "metadata": {"annotations": {"example.com/a": "b"}},
            "spec": {
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "volumes": [{"name": "data", "emptyDir": {}}],
                "initContainers": [{"name": "prepare"}],
                "containers": [
                    {
                        "name": "pytorch",
                        "env": [{"name": "A", "value": "1"}],
                        "imagePullPolicy": "Always",
                        "resources": {"limits": {"example.com/gpu": "1"}},
                        "securityContext": rights,
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    },
                    {"name": "sidecar"},
                ],
            },
        },
    )
    assert manifest["spec"]["pytorchReplicaSpecs"]["Master"]["template"] == {
        "metadata": {"annotations": {"example.com/a": "b"}, "labels": LABELS},
        "spec": {
            **pod(TWO, "Master"),
            "containers": [
                {
                    **container(TWO, "Master"),
                    "imagePullPolicy": "Always",
                    "securityContext": rights,
                }
            ],
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        },
    }
    worker = pod(manifest, "Worker")
    assert [one["name"] for one in worker["containers"]] == ["pytorch", "sidecar"]
    assert {"data"} < {volume["name"] for volume in worker["volumes"]}


def test_a_script_in_the_image_and_one_that_is_shipped() -> None:
    assert container(elastic(program={"script": "/opt/train.py"}))["command"] == [
        "trainstack-run",
        "torch",
        "--script",
        "/opt/train.py",
        "--",
    ]
    assert container(elastic(program={"script": "jobs/train.py"}))["command"] == [
        "trainstack-run",
        "torch",
        "--script",
        "/etc/trainstack/program/train.py",
        "--",
    ]


def test_of_a_function_only_a_recoverable_error_is_worth_a_new_pod() -> None:
    """Exit code 1 ends the job at once; 204, as all others, counts for the failure limit."""
    rules = elastic()["spec"]["podFailurePolicy"]["rules"]
    at_once = {"containerName": "pytorch", "operator": "In", "values": [1]}
    manifest = elastic(program={"function": "pkg.train:main"}, run_policy={"backoff_limit": 2})
    assert manifest["spec"]["podFailurePolicy"]["rules"] == [
        *rules,
        {"action": "FailJob", "onExitCodes": at_once},
    ]


@pytest.mark.parametrize(
    ("hyperparameters", "expected"),
    [
        ({"lr": 0.1, "epochs": 3}, ["--epochs=3", "--lr=0.1"]),
        ({"amp": True, "debug": False}, ["--amp=true", "--debug=false"]),
        ({"name": "a b", "empty": ""}, ["--empty=", "--name=a b"]),
        ({"tiny": 1e-5}, ["--tiny=1e-05"]),
        ({"text": "$(HOME)"}, ["--text=$$(HOME)"]),
        ({"price": "$5", "pid": "$$"}, ["--pid=$$$$", "--price=$$5"]),
    ],
)
def test_hyperparameters_are_sorted_arguments(
    hyperparameters: dict[str, Any], expected: list[str]
) -> None:
    assert container(elastic(hyperparameters=hyperparameters))["args"] == expected


def test_args_may_use_kubernetes_variables() -> None:
    manifest = elastic(args=["--out=$(OUT)"], env={"OUT": "/out"})
    assert container(manifest)["args"] == ["--out=$(OUT)"]


def test_annotations_of_the_user_win() -> None:
    manifest = elastic(annotations={"pulumi.com/waitFor": "condition=Complete"})
    assert manifest == changed(
        ONE_NODE, {"metadata/annotations": {"pulumi.com/waitFor": "condition=Complete"}}
    )


MOUNTS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        {"pvc": "imagenet"},
        {"persistentVolumeClaim": {"claimName": "imagenet"}},
        {},
    ),
    (
        {"pvc": "imagenet", "read_only": True, "sub_path": "train"},
        {"persistentVolumeClaim": {"claimName": "imagenet", "readOnly": True}},
        {"readOnly": True, "subPath": "train"},
    ),
    ({"config_map": "settings"}, {"configMap": {"name": "settings"}}, {}),
    (
        {"host_path": "/mnt/fast"},
        {"hostPath": {"path": "/mnt/fast", "type": "DirectoryOrCreate"}},
        {},
    ),
    ({"empty_dir": True}, {"emptyDir": {}}, {}),
    ({"empty_dir": True, "size": "1Gi"}, {"emptyDir": {"sizeLimit": "1Gi"}}, {}),
]


@pytest.mark.parametrize(("said", "volume", "mount"), MOUNTS)
def test_mounts(said: dict[str, Any], volume: dict[str, Any], mount: dict[str, Any]) -> None:
    manifest = elastic(mounts=[{"path": "/Data_1", **said}], shared_memory=False)
    (found,) = pod(manifest)["volumes"]
    assert re.fullmatch(r"mount-data-1-[0-9a-f]{6}", found["name"])
    assert manifest == changed(
        ONE_NODE,
        {
            "spec/template/spec/volumes": [{"name": found["name"], **volume}],
            "spec/template/spec/containers/0/volumeMounts": [
                {"name": found["name"], "mountPath": "/Data_1", **mount}
            ],
        },
    )


def test_one_claim_is_one_volume_however_often_it_is_mounted() -> None:
    manifest = elastic(
        mounts=[
            {"path": "/data", "pvc": "shared", "sub_path": "data", "read_only": True},
            {"path": "/out", "pvc": "shared", "sub_path": "out"},
            {"path": "/other", "pvc": "other", "read_only": True},
        ],
        shared_memory=False,
    )
    claims = [volume["persistentVolumeClaim"] for volume in pod(manifest)["volumes"]]
    assert claims == [{"claimName": "shared"}, {"claimName": "other", "readOnly": True}]
    names = [volume["name"] for volume in pod(manifest)["volumes"]]
    assert container(manifest)["volumeMounts"] == [
        {"name": names[0], "mountPath": "/data", "readOnly": True, "subPath": "data"},
        {"name": names[1], "mountPath": "/other", "readOnly": True},
        {"name": names[0], "mountPath": "/out", "subPath": "out"},
    ]
