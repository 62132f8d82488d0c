"""The stacks of launched jobs say what their programs need."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

import stacks
from tests.support.jobs import env
from trainstack.testing import synth

FOLDER = Path(stacks.__file__).parent


def manifest(stack: str) -> dict[str, Any]:
    """The MPIJob of a stack with its default configuration."""
    described = yaml.safe_load((FOLDER / stack / "Pulumi.yaml").read_text())["config"]
    config = {key: str(said["default"]) for key, said in described.items() if "default" in said}
    made = synth(
        lambda: runpy.run_path(str(FOLDER / stack / "__main__.py")),
        project=stack,
        preview=True,
        config={f"{stack}:{key}": value for key, value in {**config, "image": "i:1"}.items()},
        folder=FOLDER / stack,
    )
    job = made.one("kubernetes:kubeflow.org/v2beta1:MPIJob")
    assert any("MPIOperator" in urn for urn in job.options["dependencies"])
    return job.inputs


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize(
    ("stack", "variables", "arguments"),
    [
        (
            "mpi",
            {"TRAINSTACK_MPI_NP": "4", "TRAINSTACK_MPI_SLOTS": "2"},
            ["--length=100000", "--rounds=20"],
        ),
        (
            "horovod",
            {"TRAINSTACK_HOROVOD_NP": "2", "TRAINSTACK_HOROVOD_MIN_NP": "1"},
            ["--epochs=20", "--lr=0.1"],
        ),
        (
            "horovod-tensorflow",
            {"TRAINSTACK_HOROVOD_NP": "2", "TRAINSTACK_HOROVOD_SLOTS": "1"},
            ["--epochs=20", "--lr=0.1"],
        ),
    ],
)
def test_the_launcher_knows_ranks_and_arguments(
    stack: str, variables: dict[str, str], arguments: list[str]
) -> None:
    job = manifest(stack)
    assert variables.items() <= env(job, "Launcher").items()
    launcher = job["spec"]["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"][0]
    assert launcher["args"] == arguments
