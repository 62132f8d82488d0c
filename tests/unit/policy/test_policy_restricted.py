"""The restricted profile, control by control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.jobs import changed, elastic, horovod, mpi, pytorch
from tests.support.restricted import BREAKS, KEEPS, OVERLAY
from trainstack.policy import rule
from trainstack.testing import UNKNOWN

RESTRICTED = elastic(pod_overlay=OVERLAY)


def paths(manifest: dict[str, Any]) -> list[str]:
    return [finding.path for finding in rule("restricted-pods").findings(manifest)]


def job(changes: dict[str, Any]) -> dict[str, Any]:
    template = changed(RESTRICTED["spec"]["template"], changes)
    return changed(RESTRICTED, {"spec/template": template})


@pytest.mark.parametrize("name", BREAKS)
def test_a_pod_that_is_not_restricted(name: str) -> None:
    changes, where = BREAKS[name]
    assert paths(job(changes)) == [f"spec.template.spec.{path}" for path in where]


@pytest.mark.parametrize("name", KEEPS)
def test_a_pod_that_is_restricted(name: str) -> None:
    assert paths(job(KEEPS[name])) == []


def test_a_volume_from_an_image_is_restricted() -> None:
    """Not every cluster knows these volumes yet."""
    volume = {"name": "trainstack-shm", "image": {"reference": "registry.example/model:1"}}
    assert paths(job({"spec/volumes": [volume]})) == []


def test_an_old_annotation_that_turns_apparmor_off() -> None:
    name = "container.apparmor.security.beta.kubernetes.io/pytorch"
    overlay = {**OVERLAY, "metadata": {"annotations": {name: "unconfined"}}}
    assert paths(elastic(pod_overlay=overlay)) == [f"annotations[{name}]"]


@pytest.mark.parametrize("render", [pytorch, elastic])
def test_one_overlay_does_for_every_role(render: Any) -> None:
    several = {"worker": {"replicas": 2}} if render is pytorch else {"nnodes": 2}
    assert paths(render(**several, pod_overlay=OVERLAY)) == []


@pytest.mark.parametrize("manifest", [pytorch(), elastic(), elastic(nnodes=2), mpi(), horovod()])
def test_a_job_is_restricted_by_nobody_but_its_overlay(manifest: dict[str, Any]) -> None:
    found = {path.rsplit("securityContext.")[-1] for path in paths(manifest)}
    assert found == {
        "allowPrivilegeEscalation",
        "capabilities.drop",
        "runAsNonRoot",
        "seccompProfile.type",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"spec/containers/0/securityContext/capabilities/drop": [UNKNOWN]},
        {"spec/containers/0/securityContext/capabilities/drop": UNKNOWN},
        {"spec/containers/0/securityContext/runAsUser": UNKNOWN},
        {"spec/containers/0/securityContext/windowsOptions": {"hostProcess": UNKNOWN}},
        {"spec/securityContext/seccompProfile": UNKNOWN},
        {"spec/securityContext/seccompProfile/type": UNKNOWN},
        {"spec/volumes": UNKNOWN},
        {"spec/volumes": [UNKNOWN]},
    ],
)
def test_what_preview_does_not_know_is_no_violation_and_no_pass(changes: dict[str, Any]) -> None:
    found = rule("restricted-pods").findings(job(changes))
    assert found
    assert not any(finding.known for finding in found)
