"""A disk fails under a run that saves: it goes on from there."""

from __future__ import annotations

import pytest

import images
from tests.cluster.faults.conftest import converged
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS_TOGETHER
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
    "args": ["10000"],
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


def test_a_worker_that_fills_its_disk_is_evicted_and_the_run_goes_on(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    stack = program(SOURCE, config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", FILLS_ITS_DISK)
    stack.up().check()
    assert stack.outputs()["result"]["first"] > 0
    events = kube.core.list_namespaced_event(namespace, field_selector="reason=Evicted").items
    assert "ephemeral local storage usage exceeds" in events[0].message
    assert len(kube.jobs(namespace)) == 1
    converged(stack)
    stack.destroy().check()
