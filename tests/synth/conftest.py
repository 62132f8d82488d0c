"""Fixtures of the tests that run whole programs under synth()."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.schema import crd_schema

# An Output in an f-string is an error here, not a warning text in a manifest.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every program runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    yield tmp_path


@pytest.fixture(scope="session")
def crds() -> dict[str, Path]:
    """The operators' own CRDs by kind, from the tool cache (built when missing)."""
    from devcluster.toolchain import ensure  # slow, and needed by few

    tools = ensure(["training-operator", "mpi-operator"])
    training = tools.manifests("training-operator") / "crds"
    return {
        "MPIJob": tools.manifests("mpi-operator") / "kubeflow.org_mpijobs.yaml",
        "PyTorchJob": training / "kubeflow.org_pytorchjobs.yaml",
        "TFJob": training / "kubeflow.org_tfjobs.yaml",
    }


@pytest.fixture(scope="session")
def schemas(crds: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """The strict schemas of these kinds."""
    versions = {"MPIJob": "v2beta1"}
    return {kind: crd_schema(path, versions.get(kind, "v1")) for kind, path in crds.items()}
