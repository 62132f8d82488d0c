"""A run that is stopped for a while goes on where it was; nodes come and go as it is told."""

from __future__ import annotations

import json
import re
import time
from functools import partial
from typing import Any

import pytest

import images
from tests.cluster.jobs import scripts
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS, COUNTS_TOGETHER
from tests.support.kube import Kube

STOPPED = """
import pulumi
import pulumi_kubernetes as k8s
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
claim = k8s.core.v1.PersistentVolumeClaim(
    "runs",
    metadata={{"name": "runs", "namespace": namespace}},
    spec={{"access_modes": ["ReadWriteMany"], "resources": {{"requests": {{"storage": "1Gi"}}}}}},
)
job = ts.{kind}("run", {{
    "image": config.require("image"),
    "namespace": namespace,
    "program": {{"script": "train.py"}},
    "args": ["1500"],
    "checkpoint": {{"pvc": claim.metadata["name"], "access_mode": "ReadWriteMany"}},
    **{fields},
}})
pulumi.export("result", job.result)
pulumi.export("version", job.version)
"""
RUN = "trainstack.dev/run=run"


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("kind", "fields", "script"),
    [
        ("ElasticJob", {}, COUNTS),
        ("ElasticJob", {"nnodes": 2}, COUNTS_TOGETHER),
        ("PyTorchJob", {}, COUNTS),
    ],
    ids=["one node", "two nodes", "master"],
)
def test_a_suspended_run_resumes(
    program: NewProgram,
    image: images.Image,
    kube: Kube,
    namespace: str,
    *,
    kind: str,
    fields: dict[str, Any],
    script: str,
) -> None:
    def source(**said: Any) -> str:
        return STOPPED.format(kind=kind, fields=repr({**fields, **said}))

    stack = program(source(), config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", script)

    def begun() -> bool:
        logs = [kube.logs(namespace, pod["metadata"]["name"]) for pod in kube.pods(namespace, RUN)]
        return any(re.search(r"begins at 0", log) for log in logs)

    stack.up().check()
    version = stack.outputs()["version"]
    kube.wait(begun, "training", 240)
    stack.use(source(suspend=True)).up().check()
    kube.wait(lambda: not kube.pods(namespace, RUN), "end of the pods", 90)

    stack.use(source(wait="finished", timeout=400)).up().check()
    outputs = stack.outputs()
    assert outputs["version"] == version
    assert outputs["result"]["step"] == 1500
    assert 0 < outputs["result"]["first"] < 1500
    stack.destroy().check()


ELASTIC = """
import pulumi
import trainstack as ts

config = pulumi.Config()
ts.ElasticJob("run", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"script": "train.py"}},
    "hyperparameters": {{"until": {until}}},
    "nnodes": "1:2",
    "size": {size},
    "pod_overlay": {{"spec": {{"terminationGracePeriodSeconds": 5}}}},
}})
"""
WORKERS = "training.kubeflow.org/replica-type=worker"


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_nodes_come_and_go_with_the_size(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    until = time.time() + 600
    stack = program(
        ELASTIC.format(until=until, size=1), config={"image": image.tag, "namespace": namespace}
    )
    stack.write("train.py", scripts.STEPS_UNTIL)

    def worlds() -> list[int]:
        """How many ranks there were at each step of the node that always stays."""
        (pod,) = kube.pods(namespace, f"{WORKERS},training.kubeflow.org/replica-index=0")
        lines = kube.logs(namespace, pod["metadata"]["name"]).splitlines()
        return [json.loads(line)["world"] for line in lines if line.startswith('{"world"')]

    def trains_with(world: int) -> bool:
        last = worlds()[-5:] if kube.pods(namespace, WORKERS) else []
        return last == [world] * 5

    stack.up().check()
    kube.wait(lambda: trains_with(1), "training on one node", 120)
    (first,) = kube.pods(namespace, WORKERS)
    for size in (2, 1):
        stack.use(ELASTIC.format(until=until, size=size)).up().check()
        kube.wait(partial(trains_with, size), f"training on {size} nodes", 120)
    (same,) = kube.wait(lambda: left(kube.pods(namespace, WORKERS)), "end of the other", 60)
    assert same["metadata"]["uid"] == first["metadata"]["uid"]
    assert [status["restartCount"] for status in same["status"]["containerStatuses"]] == [0]
    stack.destroy().check()


def left(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pods, once it is only one."""
    return pods if len(pods) == 1 else []
