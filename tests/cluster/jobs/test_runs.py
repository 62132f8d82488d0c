"""Real pods that train for real, provisioned by the real engine."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

import images
from tests.cluster.jobs import scripts
from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.{kind}("run", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"script": "train.py"}},
    {fields}
}})
for name in ("version", "job_name", "status", "result", "commands"):
    pulumi.export(name, getattr(job, name))
"""

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def run(program: NewProgram, namespace: str, image: images.Image) -> NewProgram:
    """Makes a stack of one job that runs `script`."""

    def new(kind: str, script: str, **fields: object) -> PulumiProgram:
        said = {"wait": "finished", "timeout": 300, **fields}
        text = ", ".join(f'"{key}": {value!r}' for key, value in said.items())
        stack = program(
            SOURCE.format(kind=kind, fields=text),
            config={"image": image.tag, "namespace": namespace},
        )
        stack.write("train.py", script)
        return stack

    return new


@pytest.mark.parametrize(
    ("kind", "fields", "world"),
    [
        ("PyTorchJob", {"worker": {"replicas": 1}}, 2),
        ("ElasticJob", {"nnodes": 1, "nproc_per_node": 2}, 2),
        ("ElasticJob", {"nnodes": 2, "start_method": "fork"}, 2),
    ],
    ids=["master and worker", "one node, two ranks", "two nodes"],
)
def test_a_run_ends_with_its_result(
    run: NewProgram, kind: str, fields: dict[str, object], world: int
) -> None:
    stack = run(kind, scripts.REDUCE, **fields)
    stack.up().check()
    outputs = stack.outputs()
    assert outputs["result"] == {"world": world}
    assert outputs["status"]["phase"] == "Succeeded"
    assert outputs["status"]["world_size"] == world
    assert outputs["status"]["duration"] > 0
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.destroy().check()


@pytest.mark.slow
def test_training_goes_on_when_a_worker_is_deleted(
    run: NewProgram, kube: Kube, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    until = time.time() + 90
    stack = run("ElasticJob", scripts.STEPS_UNTIL, nnodes="1:2", hyperparameters={"until": until})
    process = stack.start("up", "--yes", "--skip-preview")

    def steps_with(world: int) -> list[dict[str, float]]:
        found = [
            json.loads(line)
            for pod in kube.pods(namespace, "training.kubeflow.org/replica-type=worker")
            for line in kube.logs(namespace, pod["metadata"]["name"]).splitlines()
            if line.startswith('{"world"')
        ]
        return [line for line in found if line.get("world") == world]

    kube.wait(lambda: len(steps_with(2)) > 5, "training on two nodes", 80)
    workers = kube.pods(namespace, "training.kubeflow.org/replica-type=worker")
    kube.delete_pod(namespace, workers[1]["metadata"]["name"], grace=0)
    process.wait(300).check()

    (survivor,) = (
        pod
        for pod in kube.pods(namespace, "training.kubeflow.org/replica-index=0")
        if "worker" in pod["metadata"]["name"]
    )
    assert survivor["metadata"]["uid"] == workers[0]["metadata"]["uid"]
    assert not any(s["restartCount"] for s in survivor["status"]["containerStatuses"])
    times = [
        json.loads(line)["time"]
        for line in kube.logs(namespace, survivor["metadata"]["name"]).splitlines()
        if line.startswith('{"world"')
    ]
    pause = max(after - before for before, after in itertools.pairwise(times))
    with capsys.disabled():
        print(f"\nelastic pause after a deleted worker: {pause:.1f} s", end=" ")
    stack.destroy().check()


@pytest.mark.slow
def test_all_meet_anew_when_the_store_is_deleted(
    run: NewProgram, kube: Kube, namespace: str
) -> None:
    worker = "training.kubeflow.org/replica-type=worker"
    stack = run(
        "ElasticJob",
        scripts.STEPS_UNTIL,
        nnodes=2,
        hyperparameters={"until": time.time() + 240},
    )
    process = stack.start("up", "--yes", "--skip-preview")
    kube.wait(
        lambda: any(
            '{"world": 2' in kube.logs(namespace, pod["metadata"]["name"])
            for pod in kube.pods(namespace, worker)
        ),
        "training on two nodes",
        90,
    )
    (store,) = kube.pods(namespace, "training.kubeflow.org/replica-type=master")
    kube.delete_pod(namespace, store["metadata"]["name"], grace=0)

    def ends() -> list[dict[str, Any]]:
        """How each worker ended before, once both are there again."""
        pods = kube.pods(namespace, worker)
        last = [pod["status"]["containerStatuses"][0]["lastState"] for pod in pods]
        return [state["terminated"] for state in last] if all(last) else []

    for before in kube.wait(ends, "restart of both workers", 120):
        assert before["exitCode"] == 200
        assert "the rendezvous store is gone" in before["message"]
    process.wait(300).check()
    assert stack.outputs()["result"] == {"worlds": [2]}
    stack.destroy().check()


@pytest.mark.slow
def test_a_crash_loop_ends_as_failed_with_the_ranks_own_traceback(run: NewProgram) -> None:
    stack = run("ElasticJob", scripts.FAILS_ON_RANK_1, nnodes=2, max_restarts=1)
    result = stack.up()
    assert not result.ok
    assert "rank 1" in result.output
    assert "ValueError: the deliberate bug" in result.output
    assert 'raise ValueError("the deliberate bug")' in result.output

    stack.write("train.py", scripts.REDUCE)
    stack.up().check()
    assert stack.outputs()["result"] == {"world": 2}
    stack.destroy().check()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("PyTorchJob", {"worker": {"replicas": 1}}),
        ("ElasticJob", {"nnodes": 1, "max_restarts": 0}),
    ],
    ids=["master and worker", "one node"],
)
def test_a_failed_run_fails_up(run: NewProgram, kind: str, fields: dict[str, object]) -> None:
    result = run(kind, 'raise ValueError("the deliberate bug")\n', **fields).up()
    assert not result.ok
    assert "ValueError: the deliberate bug" in result.output


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ElasticJob", {"nnodes": 1}),
        ("ElasticJob", {"nnodes": 2}),
        ("PyTorchJob", {"worker": {"replicas": 1, "restart_policy": "OnFailure"}}),
    ],
    ids=["one node", "two nodes", "master and worker"],
)
@pytest.mark.slow
def test_a_deadline_ends_the_job(run: NewProgram, kind: str, fields: dict[str, object]) -> None:
    policy = {"active_deadline_seconds": 15}
    result = run(kind, scripts.SLEEPS, run_policy=policy, **fields).up()
    assert not result.ok
    assert "DeadlineExceeded" in result.output or "active longer than" in result.output


@pytest.mark.slow
def test_an_interrupted_up_converges(run: NewProgram, kube: Kube, namespace: str) -> None:
    stack = run(
        "ElasticJob",
        scripts.STEPS_UNTIL,
        nnodes=2,
        hyperparameters={"until": time.time() + 45},
    )
    process = stack.start("up", "--yes", "--skip-preview")
    (job,) = kube.wait(lambda: kube.jobs(namespace), "job", 60)
    process.interrupt()
    assert not process.wait(60).ok
    stack.up().check()
    (same,) = kube.jobs(namespace)
    assert same["metadata"]["uid"] == job["metadata"]["uid"]
    assert stack.outputs()["result"] == {"worlds": [2]}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.destroy().check()
