"""Nodes and disks fail under a run that saves: it goes on from there."""

from __future__ import annotations

import re
from typing import Any

import pytest

import images
from tests.cluster.faults.conftest import converged
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS_TOGETHER
from tests.support.control_plane import cordoned, evict
from tests.support.kube import Kube

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator")]

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.ElasticJob("run", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"script": "train.py"}},
    "checkpoint": {{"pvc": "runs", "access_mode": "ReadWriteMany", "keep": 100}},
    "wait": "finished",
    "timeout": 400,
    **{fields!r},
}})
pulumi.export("result", job.result)
"""
FILLS_ITS_DISK = COUNTS_TOGETHER.replace(
    "    step += 1\n",
    "    step += 1\n"
    "    if rank == 1 and first == 0 and step == 100:\n"
    '        open("/tmp/filled", "wb").write(bytes(200_000_000))\n',
)


@pytest.fixture
def claim(kube: Kube, namespace: str) -> str:
    """A volume for checkpoints; gives the volume's name."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    kube.core.create_namespaced_persistent_volume_claim(
        namespace, {"metadata": {"name": "runs"}, "spec": spec}
    )

    def bound() -> str:
        found = kube.core.read_namespaced_persistent_volume_claim("runs", namespace)
        return str(found.spec.volume_name or "")

    return kube.wait(bound, "volume", 30)


def _begun(kube: Kube, namespace: str) -> dict[str, Any]:
    logs = {
        pod["metadata"]["name"]: kube.logs(namespace, pod["metadata"]["name"])
        for pod in kube.pods(namespace, "training.kubeflow.org/replica-type=worker")
    }
    return {name: log for name, log in logs.items() if re.search(r"rank \d begins", log)}


def test_a_drained_node(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str, claim: str
) -> None:
    source = SOURCE.format(fields={"nnodes": 2, "args": ["1500"]})
    stack = program(source, config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", COUNTS_TOGETHER)
    waiting = stack.start("up", "--yes", "--skip-preview")
    kube.wait(lambda: len(_begun(kube, namespace)) == 2, "training", 120)
    (job,) = kube.jobs(namespace)
    drained = {pod["metadata"]["uid"] for pod in kube.pods(namespace)}
    with cordoned(kube):
        for pod in kube.pods(namespace):
            evict(kube, namespace, pod["metadata"]["name"])
        kube.wait(
            lambda: not drained & {pod["metadata"]["uid"] for pod in kube.pods(namespace)},
            "empty node",
            90,
        )
        kube.wait(lambda: "Unschedulable" in waiting.output, "word of it", 60)
    waiting.wait(300).check()
    result = stack.outputs()["result"]
    assert result["step"] == 1500
    assert 0 < result["first"] < 1500
    (same,) = kube.jobs(namespace)
    assert same["metadata"]["uid"] == job["metadata"]["uid"]
    converged(stack)
    stack.destroy().check()


def test_a_worker_that_fills_its_disk_is_evicted_and_the_run_goes_on(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str, claim: str
) -> None:
    limit = {"cpu": "200m", "memory": "1Gi", "ephemeral_storage": "100Mi"}
    source = SOURCE.format(fields={"nnodes": 2, "args": ["10000"], "resources": limit})
    stack = program(source, config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", FILLS_ITS_DISK)
    waiting = stack.start("up", "--yes", "--skip-preview")
    result = waiting.wait(500)
    assert result.ok, (result.output, kube.core.list_namespaced_event(namespace).items)
    first = stack.outputs()["result"]["first"]
    assert first > 0
    events = kube.core.list_namespaced_event(namespace, field_selector="reason=Evicted").items
    assert "ephemeral local storage usage exceeds" in events[0].message
    assert len(kube.jobs(namespace)) == 1
    converged(stack)
    stack.destroy().check()
