"""The stacks of TFJob say what their programs need."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

import stacks
from trainstack.testing import synth

FOLDER = Path(stacks.__file__).parent


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize(
    ("stack", "replicas"),
    [
        ("tensorflow", {"Worker": 2}),
        ("parameter-server", {"Chief": 1, "Evaluator": 1, "PS": 1, "Worker": 2}),
    ],
)
def test_its_roles_and_arguments(stack: str, replicas: dict[str, int]) -> None:
    described = yaml.safe_load((FOLDER / stack / "Pulumi.yaml").read_text())["config"]
    config = {key: str(said["default"]) for key, said in described.items() if "default" in said}
    made = synth(
        lambda: runpy.run_path(str(FOLDER / stack / "__main__.py")),
        project=stack,
        preview=True,
        config={f"{stack}:{key}": value for key, value in {**config, "image": "i:1"}.items()},
        folder=FOLDER / stack,
    )
    job = made.one("kubernetes:kubeflow.org/v1:TFJob")
    assert any("TrainingOperator" in urn for urn in job.options["dependencies"])
    specs: dict[str, Any] = job.inputs["spec"]["tfReplicaSpecs"]
    assert {name: spec["replicas"] for name, spec in specs.items()} == replicas
    for spec in specs.values():
        (container,) = spec["template"]["spec"]["containers"]
        assert container["args"] == ["--epochs=10", "--lr=0.1"]
