"""The quickstart program, on the dev cluster's settings and on those of any other cluster."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

import stacks
from trainstack.testing import synth

FOLDER = Path(stacks.__file__).parent / "quickstart"
ALWAYS = {"image": "registry.example/digits:1", "lr": "0.1", "epochs": "20"}
DEV_CLUSTER = {"operator_image": "localhost/operator:1", "init_container_image": "localhost/box:1"}


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("more", [{}, DEV_CLUSTER], ids=["any cluster", "dev cluster"])
def test_it_registers_operator_volume_and_run(more: dict[str, str]) -> None:
    config = {f"quickstart:{key}": value for key, value in {**ALWAYS, **more}.items()}
    made = synth(
        lambda: runpy.run_path(str(FOLDER / "__main__.py")),
        project="quickstart",
        preview=True,
        config=config,
        folder=FOLDER,
    )
    (operator,) = made.of_type("kubernetes:apps/v1:Deployment")
    (container,) = operator.inputs["spec"]["template"]["spec"]["containers"]
    job = made.one("kubernetes:kubeflow.org/v1:PyTorchJob")
    assert container["image"] == more.get("operator_image", container["image"])
    assert job.inputs["spec"]["elasticPolicy"]["minReplicas"] == 2
    assert any("TrainingOperator" in urn for urn in job.options["dependencies"])
    assert made.one("kubernetes:core/v1:PersistentVolumeClaim")
