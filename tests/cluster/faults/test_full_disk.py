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
