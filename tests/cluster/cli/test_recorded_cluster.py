"""What the unit tests of the commands read is what a cluster answers today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import images
from tests.conftest import NewProgram
from tests.support.command import trainstack
from tests.support.kube import Kube
from tests.support.replayed_cluster import NAMESPACE, RECORDED, recording

PROGRAM = """
import pulumi
import trainstack as ts

config = pulumi.Config()
least = {"image": config.require("image"), "namespace": config.require("namespace"),
    "program": {"script": "train.py"}, "version": "1"}
ts.TFJob("digits", {**least, "worker": {"replicas": 2}, "hyperparameters": {"lr": 0.1},
    "run_policy": {"clean_pod_policy": "None"}})
ts.TFJob("tune", {**least, "worker": {"replicas": 1}, "hyperparameters": {"lr": -1.0}})
ts.PyTorchJob("large", {**least, "resources": {"cpu": "100m", "gpu": 8}})
"""
SCRIPT = """
import argparse, os
from trainstack_runtime import progress, result

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
if lr <= 0:
    raise ValueError(f"lr must be above 0, got {lr}")
print(f"rank {os.environ['RANK']} of {os.environ['WORLD_SIZE']} trains", flush=True)
for step in (10, 20):
    progress(step=step, total=20, loss=1 / step)
result(accuracy=0.97)
"""
COMMANDS = (
    ("status",),
    ("logs", "digits"),
    ("doctor", "digits"),
    ("doctor", "large"),
    ("doctor", "tune"),
)


@pytest.mark.slow
@pytest.mark.usefixtures("operator", "mpi_operator")
def test_the_recorded_answers_are_the_cluster_s(
    program: NewProgram, kube: Kube, namespace: str, image: images.Image, tmp_path: Path
) -> None:
    stack = program(PROGRAM, config={"image": image.tag, "namespace": namespace})
    stack.write("train.py", SCRIPT)
    stack.up().check()
    for run in ("digits", "tune"):
        trainstack(stack, "watch", run)
    kube.wait(lambda: "rank 1" in trainstack(stack, "logs", "digits").stdout, "rank 1", 120)
    with recording(namespace) as answers:
        for words in COMMANDS:
            assert trainstack(stack, *words, "--namespace", namespace).exit_code == 0
    (tmp_path / "cluster.json").write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
    stack.destroy().check()
    known = json.loads(RECORDED.read_text())
    assert of_runs(answers) == of_runs(known)


def of_runs(answers: dict[str, dict[str, object]]) -> dict[str, object]:
    """How the requests about the runs themselves were answered."""
    about = f"/namespaces/{NAMESPACE}/"
    return {key: said["status"] for key, said in answers.items() if about in key}
