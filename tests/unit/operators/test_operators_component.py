"""What the component registers, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.support import upstream
from trainstack import TrainstackError
from trainstack.operators import TrainingOperator
from trainstack.operators.fetch import fetch
from trainstack.testing import Registration, Synthesis, synth


@pytest.fixture
def fetched(tmp_path: Path, cache: Path) -> None:
    fetch(upstream.RELEASE, upstream.write_folder(tmp_path / "origin"))


def made(**args: Any) -> Synthesis:
    def program() -> None:
        operator = TrainingOperator("training", args)
        pulumi.export("ready", operator.ready)
        pulumi.export("kinds", operator.kinds)
        pulumi.export("namespace", operator.namespace)

    return synth(program)


def needs(found: Registration) -> set[str]:
    """Logical names of what it waits for."""
    return {urn.rsplit("::", 1)[-1] for urn in found.options.get("dependencies", [])}


@pytest.mark.usefixtures("fetched")
def test_summary_and_outputs() -> None:
    found = made(kinds=["TFJob"], replicas=2, namespace="ops")
    component = found.one("TrainingOperator")
    assert component.type == "trainstack:index:TrainingOperator"
    assert component.inputs == {
        "image": "registry.example/operator:v1-93c5489",
        "kinds": ["TFJob"],
        "namespace": "ops",
        "replicas": 2,
        "version": "1.9.4",
    }
    assert found.outputs == {
        "kinds": ["TFJob"],
        "namespace": "ops",
        "ready": "ops/training-operator",
    }
    children = [child for child in found.registrations if child != component]
    assert {child.parent for child in children} == {"training"}
    assert all(child.name.startswith("training-") for child in children)


@pytest.mark.usefixtures("fetched")
def test_order() -> None:
    found = {child.name: child for child in made().registrations}
    assert needs(found["training-webhook"]) == {"training-deployment"}
    before = set(found) - {"training", "training-webhook", "training-deployment"}
    assert needs(found["training-deployment"]) == before
    assert needs(found["training-role"]) == {"training-namespace"}
    assert needs(found["training-cluster-role"]) == set()


@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("keep", [True, False])
def test_crds_that_stay_and_crds_that_go(keep: bool) -> None:
    token = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    crds = [c for c in made(keep_crds=keep).registrations if c.type.startswith(token)]
    assert len(crds) == 2
    for crd in crds:
        assert crd.type == (f"{token}Patch" if keep else token)
        assert crd.inputs["kind"] == "CustomResourceDefinition"
        assert crd.options.get("retainOnDelete", False) is keep
        assert crd.options["hideDiffs"] == ["spec"]
        other = token if keep else f"{token}Patch"
        assert crd.options["aliases"][0]["spec"]["type"] == other
        forced = crd.inputs["metadata"]["annotations"].get("pulumi.com/patchForce")
        assert forced == ("true" if keep else None)


@pytest.mark.usefixtures("fetched")
def test_one_provider_for_all() -> None:
    found = made(cluster={"kubeconfig": "/nowhere", "context": "training"})
    children = [c for c in found.registrations if c.type.startswith("kubernetes:")]
    assert len(children) == 12
    assert {"cluster-training" in c.options["provider"] for c in children} == {True}


def test_nothing_fetched() -> None:
    with pytest.raises(TrainstackError) as told:
        made()
    assert str(told.value) == (
        "TrainingOperator 'training': the manifests of training-operator@1.9.4 are not on this "
        "machine; run: trainstack operators fetch training-operator@1.9.4"
    )


@pytest.mark.usefixtures("fetched")
def test_a_mistake_names_the_component() -> None:
    with pytest.raises(TrainstackError, match=r"^TrainingOperator 'training': replicas: got 0"):
        made(replicas=0)
