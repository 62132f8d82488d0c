"""Pods are found wherever a kind keeps them, and counted with all there may be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.jobs import changed, elastic, mpi, pytorch
from trainstack.policy.budget import gpus_of
from trainstack.policy.pods import pods


def pod(gpus: int = 0, **more: Any) -> dict[str, Any]:
    limits = {"limits": {"nvidia.com/gpu": str(gpus)}} if gpus else {}
    return {"spec": {"containers": [{"name": "main", "resources": limits}], **more}}


def gpu(count: int) -> dict[str, Any]:
    return {"resources": {"gpu": count}}


MANIFESTS: list[tuple[str, dict[str, Any], list[str], int]] = [
    ("Pod", pod(2), ["spec"], 2),
    ("Deployment", {"spec": {"replicas": 3, "template": pod(2)}}, ["spec.template.spec"], 6),
    ("Deployment by default", {"spec": {"template": pod(2)}}, ["spec.template.spec"], 2),
    (
        "Deployment scaled down",
        {"spec": {"replicas": 0, "template": pod(2)}},
        ["spec.template.spec"],
        0,
    ),
    ("Job", {"spec": {"parallelism": 4.0, "template": pod(1)}}, ["spec.template.spec"], 4),
    (
        "CronJob",
        {"spec": {"jobTemplate": {"spec": {"parallelism": 2, "template": pod(1)}}}},
        ["spec.jobTemplate.spec.template.spec"],
        2,
    ),
    (
        "JobSet",
        {
            "spec": {
                "replicatedJobs": [
                    {"replicas": 3, "template": {"spec": {"parallelism": 2, "template": pod(4)}}}
                ]
            }
        },
        ["spec.replicatedJobs[0].template.spec.template.spec"],
        24,
    ),
    (
        "RayJob",
        {
            "spec": {
                "rayClusterSpec": {
                    "headGroupSpec": {"template": pod()},
                    "workerGroupSpecs": [{"replicas": 1, "maxReplicas": 5, "template": pod(8)}],
                }
            }
        },
        [
            "spec.rayClusterSpec.headGroupSpec.template.spec",
            "spec.rayClusterSpec.workerGroupSpecs[0].template.spec",
        ],
        40,
    ),
    (
        "init container",
        pod(2, initContainers=[{"name": "warm", "resources": {"limits": {"nvidia.com/gpu": 4}}}]),
        ["spec"],
        4,
    ),
    (
        "PyTorchJob",
        pytorch(worker={"replicas": 3}, **gpu(2)),
        [f"spec.pytorchReplicaSpecs.{role}.template.spec" for role in ("Master", "Worker")],
        8,
    ),
    (
        "elastic and small for now",
        changed(elastic(nnodes="1:4", **gpu(2)), {"spec/pytorchReplicaSpecs/Worker/replicas": 1}),
        [f"spec.pytorchReplicaSpecs.{role}.template.spec" for role in ("Master", "Worker")],
        8,
    ),
    (
        "MPIJob",
        mpi(worker={"replicas": 2}, **gpu(2)),
        [f"spec.mpiReplicaSpecs.{role}.template.spec" for role in ("Launcher", "Worker")],
        4,
    ),
    (
        "DaskCluster",
        {"spec": {"scheduler": pod(), "worker": {"replicas": 8, **pod(2)}}},
        ["spec.scheduler.spec", "spec.worker.spec"],
        16,
    ),
    ("ConfigMap", {"data": {"spec": "containers"}}, [], 0),
    ("CRD", {"spec": {"versions": [{"schema": {"containers": {"type": "array"}}}]}}, [], 0),
]


@pytest.mark.parametrize(
    ("manifest", "paths", "gpus"), [row[1:] for row in MANIFESTS], ids=[row[0] for row in MANIFESTS]
)
def test_pods_and_their_gpus(manifest: dict[str, Any], paths: list[str], gpus: int) -> None:
    assert [role.path for role in pods(manifest)] == paths
    assert gpus_of(manifest) == gpus
