"""stacks/pytorch, as the engine is told of it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

import stacks
from trainstack.testing import synth

FOLDER = Path(stacks.__file__).parent / "pytorch"
SAID = {"image": "registry.example/digits:1", "namespace": "team", "lr": "0.1", "epochs": "10"}


@pytest.mark.usefixtures("toolchain")
def test_it_registers_the_operator_and_a_master_with_a_worker() -> None:
    made = synth(
        lambda: runpy.run_path(str(FOLDER / "__main__.py")),
        project="pytorch",
        preview=True,
        config={f"pytorch:{key}": value for key, value in SAID.items()},
        folder=FOLDER,
    )
    job = made.one("kubernetes:kubeflow.org/v1:PyTorchJob")
    specs = job.inputs["spec"]["pytorchReplicaSpecs"]
    assert {role: spec["replicas"] for role, spec in specs.items()} == {"Master": 1, "Worker": 1}
    for spec in specs.values():
        (container,) = spec["template"]["spec"]["containers"]
        assert container["args"] == ["--epochs=10", "--lr=0.1"]
    assert job.inputs["metadata"]["namespace"] == "team"
    assert any("TrainingOperator" in urn for urn in job.options["dependencies"])
