"""What `up` says while it waits for a run, and when the run gets nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pods import BUSYBOX
from tests.support.pulumi_cli import PulumiProgram, Result

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.PyTorchJob("run", {{
    "namespace": config.require("namespace"),
    "pod_overlay": {{"spec": {{"terminationGracePeriodSeconds": 1}}}},
    "version": "v1",
    "wait": "finished",
    {fields}
}})
pulumi.export("result", job.result)
"""
SMALL = {"cpu": "20m", "memory": "32Mi"}
RELEASED = {"spec": {"runPolicy": {"suspend": False}}}
HELD = {"spec": {"runPolicy": {"suspend": True}}}

pytestmark = pytest.mark.usefixtures("operator")


def shell(script: str, **fields: object) -> str:
    """A program of a job whose pod runs a shell script."""
    said = {"image": BUSYBOX, "resources": SMALL, "command": ["sh", "-c", script], **fields}
    text = ", ".join(f'"{key}": {value!r}' for key, value in said.items())
    return SOURCE.format(fields=text)


@pytest.fixture
def small(program: NewProgram, namespace: str) -> NewProgram:
    """Makes a stack of such a job."""

    def new(script: str, **fields: Any) -> PulumiProgram:
        return program(shell(script, **fields), config={"namespace": namespace})

    return new


def error_of(result: Result) -> str:
    """The message with which the waiting child failed, without the engine's indentation."""
    assert not result.ok
    _, _, after = result.output.partition("Resource (run-wait):\n    error: ")
    message, _, _ = after.partition("\n\n")
    return re.sub(r"^ {4}", "", message, flags=re.MULTILINE).rstrip()


def test_a_run_that_takes_too_much_memory_fails_with_its_limit(small: NewProgram) -> None:
    stack = small("sleep 600", worker={"replicas": 1, "command": ["sh", "-c", "tail /dev/zero"]})
    assert error_of(stack.up()).splitlines()[0] == (
        "PyTorchJob run-v1 failed: run-v1-worker-0: exit code 137, OOMKilled (memory limit 32Mi)"
    )


@pytest.mark.slow
def test_a_failed_run_fails_every_up_until_it_is_mended(
    program: NewProgram, kube: Kube, namespace: str
) -> None:
    broken, mended = (shell(f"echo no data; exit {code}") for code in (3, 0))
    stack = program(broken, config={"namespace": namespace})
    message = error_of(stack.up())
    assert message.startswith("PyTorchJob run-v1 failed: run-v1-master-0")
    assert "exit code 3" in message
    assert "no data" in message
    assert error_of(stack.up()) == message
    stack.refresh().check()
    assert error_of(stack.up()) == message

    stack.use(mended).up().check()
    assert set(stack.preview("--refresh", json=True).check().json["changeSummary"]) == {"same"}
    assert len(kube.pods(namespace)) == 1


@pytest.mark.slow
def test_a_run_that_is_suspended_or_deleted_ends_the_waiting(
    small: NewProgram, kube: Kube, namespace: str
) -> None:
    def patched(change: object) -> None:
        kube.custom.patch_namespaced_custom_object(
            "kubeflow.org", "v1", namespace, "pytorchjobs", "run-v1", change
        )

    stack = small("sleep 600")
    waiting = stack.start("up", "--yes", "--skip-preview")
    kube.wait(lambda: "Running, 1/1 master" in waiting.output, "running pod", 120)
    patched(HELD)
    assert error_of(waiting.wait(60)).startswith("PyTorchJob run-v1 is suspended, and in no queue")

    patched(RELEASED)
    waiting = stack.start("up", "--yes", "--skip-preview")
    kube.wait(lambda: "Running, 1/1 master" in waiting.output, "running pod", 120)
    kube.delete_job(namespace, "run-v1")
    assert error_of(waiting.wait(60)) == "PyTorchJob run-v1 was deleted while it was waited for"

    assert "PyTorchJob run-v1 is not in the cluster" in error_of(stack.up())
