"""The stacks with pools: their jobs run where the pool is, and wait for it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

import stacks
from trainstack import PoolProfile
from trainstack.testing import Synthesis, synth

FOLDER = Path(stacks.__file__).parent
CONFIG = {
    "bucket": "s3://runs",
    "capacity_reservation": "cr-1",
    "image": "i:1",
    "mpi_image": "mpi:1",
    "security_groups": '["sg-1", "sg-2"]',
    "subnets": '["subnet-1", "subnet-2"]',
    "tensorflow_image": "tensorflow:1",
    "torch_image": "torch:1",
}
STACKS = {
    "eks-gpu": ("NodeGroup", "p5.48xlarge", {"vpc.amazonaws.com/efa": "32"}),
    "gke-gpu": ("NodePool", "a2-highgpu-8g", {}),
    "karpenter": ("NodePool", "p5.48xlarge", {"vpc.amazonaws.com/efa": "32"}),
}
ALL = [*STACKS, "platform"]


def made(stack: str, *, preview: bool) -> Synthesis:
    described = yaml.safe_load((FOLDER / stack / "Pulumi.yaml").read_text())["config"]
    config = {
        key: str(said.get("default", CONFIG.get(key, key))) for key, said in described.items()
    }
    return synth(
        lambda: runpy.run_path(str(FOLDER / stack / "__main__.py")),
        project=stack,
        preview=preview,
        config={f"{stack}:{key}": value for key, value in config.items()},
        folder=FOLDER / stack,
    )


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("stack", STACKS)
def test_its_pool_and_its_job(stack: str) -> None:
    kind, machine, cards = STACKS[stack]
    found = made(stack, preview=True)
    assert len(found.of_type(kind)) == 1
    profile = PoolProfile(**json.loads(json.dumps(found.outputs["pool"])))
    assert (profile.machine, profile.gpus) == (machine, 8)
    job = found.one("kubernetes:kubeflow.org/v1:PyTorchJob")
    pods = job.inputs["spec"]["pytorchReplicaSpecs"]
    worker: dict[str, Any] = pods["Worker"]["template"]["spec"]
    assert worker["nodeSelector"] == profile.node_selector
    limits = worker["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "8"
    assert cards.items() <= limits.items()
    assert any(f":{kind}::" in urn for urn in job.options["dependencies"])


PLATFORM = {
    "kubernetes:kubeflow.org/v1:PyTorchJob": ("llm", "h100", "training-operator", "8"),
    "kubernetes:kubeflow.org/v1:TFJob": ("vision", "spot", "training-operator", "4"),
    "kubernetes:kubeflow.org/v2beta1:MPIJob": ("physics", "h100", "mpi-operator", "8"),
}


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("kind", PLATFORM)
def test_jobs_of_a_platform_are_in_their_pool_and_queue(kind: str) -> None:
    """Each waits for its pool, its operator and the queue without being told to."""
    name, pool, operator, gpus = PLATFORM[kind]
    found = made("platform", preview=True)
    job = found.one(kind)
    assert job.name == name
    assert job.inputs["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "research"
    worker = next(
        specs["Worker"]["template"]["spec"]
        for field, specs in job.inputs["spec"].items()
        if field.endswith("ReplicaSpecs")
    )
    assert worker["nodeSelector"] == {"trainstack.dev/pool": pool}
    assert worker["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == gpus
    assert worker["terminationGracePeriodSeconds"] == 105
    needed = {urn.rsplit("::", 1)[1] for urn in job.options["dependencies"]}
    assert {pool, f"{operator}-deployment", "research-default-queue"} <= needed


@pytest.mark.usefixtures("toolchain")
def test_a_platform_has_two_pools_in_one_queue() -> None:
    found = made("platform", preview=True)
    capacity = {one.name: one.inputs["capacityType"] for one in found.of_type("NodeGroup")}
    assert capacity == {"h100": "ON_DEMAND", "spot": "SPOT"}
    groups = found.one("ClusterQueue").inputs["spec"]["resourceGroups"]
    assert [flavor["name"] for flavor in groups[0]["flavors"]] == ["research-h100", "research-spot"]


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("stack", ALL)
def test_preview_and_up_register_the_same(stack: str) -> None:
    before, after = made(stack, preview=True), made(stack, preview=False)
    names = [{(one.type, one.name) for one in found.registrations} for found in (before, after)]
    assert names[0] == names[1]


@pytest.mark.parametrize("stack", ALL)
def test_it_is_short(stack: str) -> None:
    most = 50 if stack in STACKS else 80
    assert len((FOLDER / stack / "__main__.py").read_text().splitlines()) <= most
