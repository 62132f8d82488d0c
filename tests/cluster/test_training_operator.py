"""The training-operator as pods: installed, used, changed and removed by the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from stacks.demo import INIT_IMAGE, OPERATOR_IMAGE
from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi, pulumi_kubernetes as k8s, trainstack as ts

operator = ts.TrainingOperator("training", {args})
{more}
pulumi.export("ready", operator.ready)
"""
# Registered like any job that names the operator: made in the same `up`, right after it.
JOB = """
k8s.apiextensions.CustomResource(
    "job", "kubeflow.org/v1", "PyTorchJob", {spec}, {metadata},
    pulumi.ResourceOptions(depends_on=[operator]))
"""

pytestmark = pytest.mark.usefixtures("no_operator")


def source(more: str = "", **args: Any) -> str:
    images = {"image": OPERATOR_IMAGE, "init_container_image": INIT_IMAGE}
    if "PyTorchJob" not in args.get("kinds", ["PyTorchJob"]):
        del images["init_container_image"]
    return SOURCE.format(args={"kinds": ["PyTorchJob"], **images, **args}, more=more)


def job(namespace: str, role: str = "Master") -> str:
    container = {"name": "pytorch", "image": INIT_IMAGE, "command": ["true"]}
    replica = {
        "replicas": 1,
        "restartPolicy": "Never",
        "template": {"spec": {"containers": [container]}},
    }
    metadata = {"name": "job", "namespace": namespace}
    return JOB.format(spec={"pytorchReplicaSpecs": {role: replica}}, metadata=metadata)


@contextmanager
def installed(program: PulumiProgram) -> Iterator[PulumiProgram]:
    """The program's stack for as long as the block runs."""
    try:
        program.up().check()
        yield program
    finally:
        program.destroy().check()


def crds(kube: Kube) -> dict[str, str]:
    """Name to UID of the job kinds in the cluster."""
    found = client.ApiextensionsV1Api(kube.api).list_custom_resource_definition().items
    return {
        crd.metadata.name: crd.metadata.uid for crd in found if crd.spec.group == "kubeflow.org"
    }


def operator_logs(kube: Kube) -> str:
    pods = kube.pods("kubeflow", "control-plane=kubeflow-training-operator")
    return "\n".join(kube.logs("kubeflow", pod["metadata"]["name"]) for pod in pods)


def succeeded(kube: Kube, namespace: str) -> None:
    def look() -> bool:
        (found,) = kube.jobs(namespace)
        conditions = found.get("status", {}).get("conditions", [])
        return any(c["type"] == "Succeeded" and c["status"] == "True" for c in conditions)

    kube.wait(look, "succeeded job", 60)


def test_a_job_right_after_the_operator(program: NewProgram, kube: Kube, namespace: str) -> None:
    with installed(program(source(job(namespace)))) as stack:
        assert stack.outputs() == {"ready": "kubeflow/training-operator"}
        succeeded(kube, namespace)
        assert "forbidden" not in operator_logs(kube)
        (pod,) = kube.pods("kubeflow", "control-plane=kubeflow-training-operator")
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
        stack.preview("--expect-no-changes").check()
        stack.refresh("--expect-no-changes").check()
        stack.preview("--expect-no-changes").check()

        refused = stack.use(source(job(namespace, role="Boss"))).up()
        assert 'Unsupported value: "Boss"' in refused.output
        stack.use(source()).up().check()


@pytest.mark.slow
def test_changes_in_place(program: NewProgram, kube: Kube, namespace: str) -> None:
    with installed(program(source(kinds=["TFJob"]))) as stack:
        several = source(job(namespace), kinds=["PyTorchJob", "JAXJob"], replicas=2)
        stack.use(several).up().check()
        succeeded(kube, namespace)
        assert len(kube.pods("kubeflow", "control-plane=kubeflow-training-operator")) >= 2
        assert "forbidden" not in operator_logs(kube)
        stack.preview("--expect-no-changes").check()
        # The kind that was taken out is still there, with whatever jobs it has.
        assert "tfjobs.kubeflow.org" in crds(kube)

        one = source(watch_namespace=namespace, labels={"team": "ml"})
        stack.use(one).up().check()
        stack.preview("--expect-no-changes").check()
        assert "forbidden" not in operator_logs(kube)
        roles = client.RbacAuthorizationV1Api(kube.api)
        rules = roles.read_cluster_role("training-operator").rules
        assert {group for rule in rules for group in rule.api_groups} == {
            "admissionregistration.k8s.io"
        }


@pytest.mark.slow
def test_what_destroy_leaves(program: NewProgram, kube: Kube) -> None:
    with installed(program(source())):
        before = crds(kube)
    assert crds(kube) == before
    with pytest.raises(ApiException, match="Not Found"):
        kube.core.read_namespace("kubeflow")
    # What was kept is taken over, and goes when that is said.
    with installed(program(source(), "two")) as stack:
        assert crds(kube) == before
        stack.use(source(keep_crds=False)).up().check()
        assert crds(kube) == before
    assert "pytorchjobs.kubeflow.org" not in crds(kube)
