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
CONFIG = {"capacity_reservation": "cr-1", "image": "i:1", "security_groups": '["sg-1", "sg-2"]'}
STACKS = {
    "eks-gpu": ("NodeGroup", "p5.48xlarge", {"vpc.amazonaws.com/efa": "32"}),
    "gke-gpu": ("NodePool", "a2-highgpu-8g", {}),
    "karpenter": ("NodePool", "p5.48xlarge", {"vpc.amazonaws.com/efa": "32"}),
}


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


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("stack", STACKS)
def test_preview_and_up_register_the_same(stack: str) -> None:
    before, after = made(stack, preview=True), made(stack, preview=False)
    names = [{(one.type, one.name) for one in found.registrations} for found in (before, after)]
    assert names[0] == names[1]


@pytest.mark.parametrize("stack", STACKS)
def test_it_is_short(stack: str) -> None:
    assert len((FOLDER / stack / "__main__.py").read_text().splitlines()) <= 50
