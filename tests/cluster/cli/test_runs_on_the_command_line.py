"""Real runs, looked at from the command line."""

from __future__ import annotations

import json
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import images
from tests.conftest import NewProgram
from tests.support.command import (
    start_trainstack,
    trainstack,
    trainstack_json,
    trainstack_lines,
)
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

HEAD = """
import pulumi
import trainstack as ts

config = pulumi.Config()
least = {"image": config.require("image"), "namespace": config.require("namespace"),
    "program": {"script": "train.py"}}
"""
GOOD_AND_BAD = """
ts.TFJob("good", {**least, "worker": {"replicas": 2}, "hyperparameters": {"fail": 0},
    "run_policy": {"clean_pod_policy": "None"}})
ts.TFJob("bad", {**least, "worker": {"replicas": 1}, "hyperparameters": {"fail": 1},
    "env": {"DEMO_TOKEN": "not-for-others"}})
"""
SCRIPT = """
import argparse, os
from trainstack_runtime import progress, result

parser = argparse.ArgumentParser()
parser.add_argument("--fail", type=int)
fail = parser.parse_args().fail
rank = int(os.environ["RANK"])
print(f"this is rank {rank}", flush=True)
if fail:
    print("the token is", os.environ["DEMO_TOKEN"], flush=True)
    raise ValueError("the deliberate bug")
for step in (1, 2):
    progress(step=step, total=2, loss=1 / step)
result(accuracy=0.5)
"""
STEPS = """
import os, time
rank, again = os.environ["RANK"], "/dev/shm/again"
for step in range(10_000):
    print(f"step {step} of rank {rank}", flush=True)
    if rank == "1" and step == 20 and not os.path.exists(again):
        open(again, "w").close()
        os._exit(7)
    time.sleep(0.2)
"""

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def new_stack(program: NewProgram, namespace: str, image: images.Image) -> Iterator[NewProgram]:
    """Makes a stack of these jobs, all of which run `train.py`."""
    made: list[PulumiProgram] = []

    def new(jobs: str, script: str = SCRIPT) -> PulumiProgram:
        stack = program(HEAD + jobs, config={"image": image.tag, "namespace": namespace})
        stack.write("train.py", script)
        made.append(stack)
        return stack

    yield new
    for stack in made:
        stack.destroy().check()


def test_a_good_run_and_a_bad_one(new_stack: NewProgram, tmp_path: Path) -> None:
    stack = new_stack(GOOD_AND_BAD)
    stack.up().check()
    watching = start_trainstack(stack, "watch", "--json")
    watched, _ = watching.communicate(timeout=600)
    assert watching.returncode == 1
    looks = [json.loads(line) for line in watched.splitlines()]
    assert {look["phase"] for look in looks} >= {"Succeeded", "Failed"}
    assert trainstack(stack, "watch", "good").exit_code == 0

    bad, good = trainstack_json(stack, "status")["runs"]
    assert (good["run_name"], good["phase"], good["result"]) == (
        "good",
        "Succeeded",
        {"accuracy": 0.5},
    )
    assert (good["progress"]["step"], good["progress"]["total"]) == (2, 2)
    assert (bad["run_name"], bad["phase"]) == ("bad", "Failed")
    assert "ValueError: the deliberate bug" in bad["reason"]
    table = trainstack(stack, "status", "good").stdout
    assert "Succeeded" in table
    assert '    result: {"accuracy": 0.5}' in table

    for rank in (0, 1):
        lines = trainstack(stack, "logs", "good", "--rank", str(rank)).stdout
        assert f"this is rank {rank}" in lines
        assert f"this is rank {1 - rank}" not in lines
    printed = trainstack_lines(stack, "logs", "good")
    assert sorted(line["text"] for line in printed if line["text"].startswith("this is")) == [
        "this is rank 0",
        "this is rank 1",
    ]
    assert [line["time"] for line in printed] == sorted(line["time"] for line in printed)
    assert {line["role"] for line in printed} == {"worker"}

    bundle = tmp_path / "bundle.tar.gz"
    sick = trainstack(stack, "doctor", "bad", "--output", str(bundle))
    assert sick.exit_code == 0
    assert "it failed: " in sick.stdout
    assert "ValueError: the deliberate bug" in sick.stdout
    assert "not-for-others" not in sick.stdout
    with tarfile.open(bundle) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        whole = b"".join(archive.extractfile(one).read() for one in archive.getmembers())  # type: ignore[union-attr]
    assert names >= {"diagnosis.txt", "events.yaml", "job.yaml", "nodes.yaml", "pods.yaml"}
    assert b"the token is [removed]" in whole
    assert b"not-for-others" not in whole
    assert "nothing is wrong with it" in trainstack(stack, "doctor", "good").stdout

    unknown = trainstack(stack, "logs", "ugly")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert unknown.stderr == "error: no run 'ugly' here; there are: bad, good\n"


@pytest.mark.slow
def test_logs_follow_a_container_that_starts_again(
    new_stack: NewProgram, kube: Kube, namespace: str
) -> None:
    """Every line is there once, until the job is deleted."""
    stack = new_stack(
        'ts.TFJob("run", {**least, "worker": {"replicas": 2, "restart_policy": "OnFailure"}})',
        STEPS,
    )
    stack.up().check()
    lines: list[dict[str, Any]] = []

    def steps(pod: str, start: int) -> list[int]:
        return [
            int(line["text"].split()[1])
            for line in list(lines)
            if line["pod"].endswith(pod)
            and line["start"] == start
            and line["text"].startswith("step ")
        ]

    with start_trainstack(stack, "logs", "run", "--follow", "--json") as following:
        assert following.stdout is not None
        output = following.stdout

        def read() -> None:
            lines.extend(json.loads(line) for line in output)

        reader = threading.Thread(target=read)
        reader.start()
        kube.wait(lambda: len(steps("worker-1", 1)) > 10, "steps of the second start", 180)
        [job] = kube.jobs(namespace, "tfjobs")
        kube.delete_job(namespace, job["metadata"]["name"], "tfjobs")
        assert following.wait(120) == 0
        reader.join()
    assert steps("worker-1", 0) == list(range(21))
    for found in (steps("worker-1", 1), steps("worker-0", 0)):
        assert found == list(range(len(found)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "what", "advice"),
    [
        (
            '"resources": {"cpu": "100m", "gpu": 1}',
            "no node offers nvidia.com/gpu, of which it asks for 1",
            "device plugin",
        ),
        (
            '"resources": {"cpu": 1000}',
            "it asks for 1k of cpu, and the largest node offers",
            "ask for less",
        ),
        (
            '"image": "registry.invalid/none:1"',
            "the image registry.invalid/none:1 cannot be pulled",
            "image_pull_secrets",
        ),
        (
            '"secrets": {"TOKEN": {"name": "hub", "key": "token"}}',
            'secret "hub" not found',
            "make what is missing",
        ),
    ],
    ids=["no GPU", "too large", "no image", "no secret"],
)
def test_what_keeps_a_run_from_starting(
    new_stack: NewProgram, fields: str, what: str, advice: str
) -> None:
    stack = new_stack(f'ts.PyTorchJob("run", {{**least, {fields}}})')
    stack.up().check()
    said: list[str] = []

    def found() -> bool:
        said[:] = [trainstack(stack, "doctor", "run").stdout]
        return what in said[0]

    wait(found, 60)
    assert advice in said[0]
    assert trainstack_json(stack, "status")["runs"][0]["phase"] in ("Pending", "Unseen")


@pytest.mark.slow
def test_a_run_that_is_gone(new_stack: NewProgram, kube: Kube, namespace: str) -> None:
    """What the stack still knows of it, and that its logs are not there."""
    stack = new_stack(
        'ts.ElasticJob("run", {**least, "hyperparameters": {"fail": 0}, "wait": "finished"})'
    )
    stack.up().check()
    [job] = kube.jobs(namespace, "jobs")
    name = job["metadata"]["name"]
    kube.delete_job(namespace, name, "jobs")
    [run] = trainstack_json(stack, "status")["runs"]
    assert (run["phase"], run["result"]) == ("Gone", {"accuracy": 0.5})
    logs = trainstack(stack, "logs", "run")
    assert (logs.exit_code, logs.stdout) == (1, "")
    assert logs.stderr.startswith(
        f"Job {namespace}/{name} has been deleted, and its pods' logs with it\n"
    )
    assert "it was deleted" in trainstack(stack, "doctor", "run").stdout
    assert trainstack_json(stack, "status", "--namespace", namespace) == {"runs": []}


def wait(look: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"not after {seconds} s"
        time.sleep(1)
