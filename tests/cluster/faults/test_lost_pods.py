"""A disk is full, a node is drained under a run that saves: it goes on from there."""

from __future__ import annotations

from typing import Any

import pytest

import images
from tests.cluster.faults.conftest import converged
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS_TOGETHER
from tests.support.control_plane import cordoned
from tests.support.kube import Kube

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator")]

SOURCE = """
import pulumi
import pulumi_kubernetes as k8s
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
claim = k8s.core.v1.PersistentVolumeClaim(
    "runs",
    metadata={"name": "runs", "namespace": namespace},
    spec={"access_modes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
)
job = ts.ElasticJob("run", {
    "image": config.require("image"),
    "namespace": namespace,
    "program": {"script": "train.py"},
    "args": [config.require("steps")],
    "nnodes": 2,
    "resources": {"cpu": "200m", "memory": "1Gi", "ephemeral_storage": "100Mi"},
    "checkpoint": {
        "pvc": claim.metadata["name"],
        "access_mode": claim.spec["access_modes"][0],
        "keep": 100,
    },
    "wait": "finished",
    "timeout": 400,
})
pulumi.export("result", job.result)
"""
FILLS_ITS_DISK = COUNTS_TOGETHER.replace(
    "    step += 1\n",
    "    step += 1\n"
    "    if rank == 1 and first == 0 and step == 100:\n"
    '        open("/tmp/filled", "wb").write(bytes(200_000_000))\n',
)
TELLS_THAT_IT_HAS_SAVED = COUNTS_TOGETHER.replace(
    "    step += 1\n",
    '    step += 1\n    if step == 60:\n        print("has saved", flush=True)\n',
)


def test_a_worker_that_fills_its_disk_is_evicted_and_the_run_goes_on(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    config = {"image": image.tag, "namespace": namespace, "steps": "10000"}
    stack = program(SOURCE, config=config)
    stack.write("train.py", FILLS_ITS_DISK)
    stack.up().check()
    assert stack.outputs()["result"]["first"] > 0
    events = kube.core.list_namespaced_event(namespace, field_selector="reason=Evicted").items
    assert "ephemeral local storage usage exceeds" in events[0].message
    assert len(kube.jobs(namespace)) == 1
    converged(stack)
    stack.destroy().check()


def test_a_drained_node(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    config = {"image": image.tag, "namespace": namespace, "steps": "1500"}
    stack = program(SOURCE, config=config)
    stack.write("train.py", TELLS_THAT_IT_HAS_SAVED)
    waiting = stack.start("up", "--yes", "--skip-preview")
    kube.wait(lambda: _saved(kube, namespace), "training", 120)
    (job,) = kube.jobs(namespace)
    drained = kube.pods(namespace)
    with cordoned(kube):
        for pod in drained:
            kube.evict(namespace, pod["metadata"]["name"])
        kube.wait(lambda: not _uids(drained) & _uids(kube.pods(namespace)), "empty node", 90)
        kube.wait(lambda: "Unschedulable" in waiting.output, "word of it", 60)
    waiting.wait(300).check()
    result = stack.outputs()["result"]
    assert result["step"] == 1500
    assert 0 < result["first"] < 1500
    (same,) = kube.jobs(namespace)
    assert same["metadata"]["uid"] == job["metadata"]["uid"]
    converged(stack)
    stack.destroy().check()


def _saved(kube: Kube, namespace: str) -> bool:
    workers = kube.pods(namespace, "training.kubeflow.org/replica-type=worker")
    logs = [kube.logs(namespace, pod["metadata"]["name"]) for pod in workers]
    return len(logs) == 2 and all("has saved" in log for log in logs)


def _uids(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}
