"""Runs in a queue start one after the other, each with all its pods, and are no drift."""

from __future__ import annotations

import pytest

import images
from tests.cluster.queues.conftest import GPUS
from tests.conftest import NewProgram
from tests.support.command import trainstack, trainstack_json
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
gpus = ts.Queue("gpus", {{
    "name": namespace,
    "namespaces": [namespace],
    "pools": [{{"name": "any", "quota": {{"cpu": 8, "memory": "16Gi", "gpu": {gpus}}}}}],
    "strategy": "StrictFIFO",
}})
before = None
for name, nodes in {runs}:
    before = ts.ElasticJob(
        name,
        {{
            "image": config.require("image"),
            "namespace": namespace,
            "program": {{"script": "train.py"}},
            "nnodes": nodes,
            "queue": gpus,
            "resources": {{"cpu": "0.1", "memory": "1024Mi", "gpu": 1}},
            **{more},
        }},
        pulumi.ResourceOptions(depends_on=[before] if before else None),
    )
"""
SCRIPT = """
import time
from trainstack_runtime import result

time.sleep(15)
result(done=True)
"""
ENDED = ("Succeeded", "Failed")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator", "kueue")]


def source(*runs: tuple[str, int], **more: object) -> str:
    return SOURCE.format(gpus=GPUS, runs=repr(runs), more=repr(more))


def started(program: NewProgram, image: images.Image, namespace: str, text: str) -> PulumiProgram:
    """The stack after its first `up`."""
    stack = program(text, config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", SCRIPT)
    stack.up().check()
    return stack


def phases(stack: PulumiProgram) -> dict[str, str]:
    """How the runs are."""
    return {one["run_name"]: one["phase"] for one in trainstack_json(stack, "status")["runs"]}


def holders(kube: Kube, namespace: str) -> set[str]:
    """Runs with pods that hold, or wait for, a GPU."""
    return {
        pod["metadata"]["labels"]["trainstack.dev/run"]
        for pod in kube.pods(namespace, "trainstack.dev/run")
        if pod["status"]["phase"] not in ENDED
        and "nvidia.com/gpu" in pod["spec"]["containers"][0]["resources"].get("limits", {})
    }


def succeed_one_by_one(stack: PulumiProgram, kube: Kube, namespace: str) -> None:
    """Wait for all, and see that no two runs ever have pods for GPUs at the same time.

    But for one that has ended: its quota is free while its pods are being removed.
    """

    def done() -> bool:
        holding = holders(kube, namespace)
        found = phases(stack)
        assert "Failed" not in found.values()
        live = {run for run in holding if found[run] != "Succeeded"}
        assert len(live) <= 1, f"{live} at the same time"
        return set(found.values()) == {"Succeeded"}

    kube.wait(done, "success of all runs", 400)


def test_runs_that_each_need_all_gpus_run_one_after_the_other(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    stack = started(program, image, namespace, source(("first", 2), ("second", 2)))
    try:
        kube.wait(lambda: phases(stack)["first"] == "Running", "the first run", 200)
        assert phases(stack) == {"first": "Running", "second": "Suspended"}
        assert kube.pods(namespace, "trainstack.dev/run=second") == []
        status = trainstack(stack, "status", "second").stdout
        assert f"Queued in {namespace} (1 of 1)" in status
        assert "insufficient unused quota for nvidia.com/gpu" in status
        stack.preview("--expect-no-changes").check()
        stack.refresh("--expect-no-changes").check()
        stack.preview("--expect-no-changes").check()
        succeed_one_by_one(stack, kube, namespace)
        stack.refresh("--expect-no-changes").check()
        stack.preview("--expect-no-changes").check()
    finally:
        stack.destroy().check()


def test_a_run_of_two_pods_is_never_half_started(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    stack = started(program, image, namespace, source(("half", 1), ("whole", 2)))
    try:
        kube.wait(lambda: phases(stack)["half"] == "Running", "the run with one GPU", 200)
        assert kube.pods(namespace, "trainstack.dev/run=whole") == []
        stack.preview("--expect-no-changes").check()
        succeed_one_by_one(stack, kube, namespace)
    finally:
        stack.destroy().check()


def test_a_label_of_an_admitted_run_changes_in_place(
    program: NewProgram, image: images.Image, kube: Kube, namespace: str
) -> None:
    stack = started(program, image, namespace, source(("run", 2)))
    try:
        kube.wait(lambda: len(kube.pods(namespace)) == 3, "pods", 120)
        uids = {pod["metadata"]["uid"] for pod in kube.pods(namespace)}
        stack.use(source(("run", 2), labels={"team": "a"})).up().check()
        (job,) = kube.jobs(namespace)
        assert job["metadata"]["labels"]["team"] == "a"
        assert {pod["metadata"]["uid"] for pod in kube.pods(namespace)} == uids
        succeed_one_by_one(stack, kube, namespace)
    finally:
        stack.destroy().check()
