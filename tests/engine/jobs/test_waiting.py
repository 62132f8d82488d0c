"""The waiting child in a real `pulumi up`, on an API server that says what the test wants."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NewProgram
from tests.support.api_server import ApiServer, api_server, items
from tests.support.looks import PYTORCHJOB, TARGET, condition, ended, failed, job, report, worker
from tests.support.pulumi_cli import PulumiProgram, Running

PROGRAM = """
import pulumi
from trainstack.waiting.resource import RunWait

wait = RunWait("run-wait", PROPS, pulumi.ResourceOptions())
pulumi.export("result", wait.result)
"""
SUSPENDED = """
import pulumi
import trainstack as ts

job = ts.PyTorchJob("run", {
    "image": "registry.example/digits:1",
    "program": {"module": "pkg.train"},
    "namespace": "team",
    "version": "v1",
    "wait": "finished",
    "suspend": True,
})
pulumi.export("accuracy", job.result["accuracy"])
"""
JOB = "/apis/kubeflow.org/v1/namespaces/team/pytorchjobs/run-v1"
PODS = "/api/v1/namespaces/team/pods"
LOG = f"{PODS}/run-v1-worker-0/log"
RUNNING = job(PYTORCHJOB, {"conditions": [condition("Running")]}, replicas={"Worker": 1})
SUCCEEDED = job(PYTORCHJOB, {"conditions": [condition("Succeeded")]}, replicas={"Worker": 1})
LINE = '2026-01-01T10:00:00Z {"trainstack": "progress", "step": 3, "total": 9, "loss": 0.5}\n'
TRAINS = worker(0, conditions=[condition("Ready")])
BOOM = worker(0, ended(1, report("failed", rank=0, node=0, error="ValueError: boom")))
DONE = worker(0, ended(0, report(result={"accuracy": 0.97})))
MESSAGE = """\
  pulumi-python:dynamic:Resource (run-wait):
    error: PyTorchJob run-v1 failed: rank 0 (node 0, run-v1-worker-0): ValueError: boom
      the last line
    more: trainstack logs run-v1 --namespace team
      or: kubectl --namespace team logs --prefix --selector training.kubeflow.org/job-name=run-v1
"""


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """Where the run is."""
    with api_server() as server:
        yield server


@pytest.fixture
def stack(server: ApiServer, offline_program: NewProgram, tmp_path: Path) -> PulumiProgram:
    """A stack that waits for the run."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(server.kubeconfig))
    props = {**TARGET.to_props(), "kubeconfig": str(kubeconfig), "timeout": 300}
    return offline_program(PROGRAM.replace("PROPS", repr(props)))


def seen(running: Running, text: str) -> None:
    """Wait until it has printed that."""
    end = time.monotonic() + 120
    while text not in running.output:
        assert time.monotonic() < end, running.output
        time.sleep(0.2)


def test_a_run_is_waited_for_until_it_goes_well(server: ApiServer, stack: PulumiProgram) -> None:
    server.answers = {JOB: RUNNING, PODS: items(TRAINS), LOG: LINE.encode()}
    first = stack.start("up", "--yes", "--skip-preview")
    seen(first, "run-v1: Running, 1/1 worker ready, step 3/9, loss 0.5, after ")
    server.answers = {JOB: failed(), PODS: items(BOOM), LOG: b"the last line\n"}
    result = first.wait(60)
    assert not result.ok
    assert MESSAGE in result.output
    assert "Exception calling application" not in result.output

    again = stack.up()
    assert not again.ok
    assert MESSAGE in again.output

    server.answers = {JOB: SUCCEEDED, PODS: items(DONE)}
    stack.up().check()
    assert stack.outputs() == {"result": {"accuracy": 0.97}}

    server.answers = {}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.up().check()


@pytest.mark.slow
def test_an_interrupted_wait_waits_again(server: ApiServer, stack: PulumiProgram) -> None:
    server.answers = {JOB: RUNNING, PODS: items(TRAINS), LOG: LINE.encode()}
    first = stack.start("up", "--yes", "--skip-preview")
    seen(first, "run-v1: Running, 1/1 worker ready")
    first.interrupt()
    assert not first.wait(60).ok

    server.answers = {JOB: SUCCEEDED, PODS: items(DONE)}
    stack.up().check()
    assert stack.outputs() == {"result": {"accuracy": 0.97}}


def test_a_suspended_run_has_no_result_until_it_is_resumed_and_done(
    server: ApiServer, offline_program: NewProgram, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(server.kubeconfig))
    stack = offline_program(
        SUSPENDED,
        config={"kubernetes:renderYamlToDirectory": str(tmp_path / "rendered")},
        env={"KUBECONFIG": str(kubeconfig)},
    )
    stack.up().check()
    assert stack.outputs() == {}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    server.answers = {JOB: SUCCEEDED, PODS: items(DONE)}
    stack.use(SUSPENDED.replace("True", "False")).up().check()
    assert stack.outputs() == {"accuracy": 0.97}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
