"""The mpi-operator as pods: installed, used and removed by the real engine."""

from __future__ import annotations

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from devcluster.images import BUSYBOX, MPI_OPERATOR
from tests.conftest import NewProgram
from tests.support.kube import Kube

SOURCE = """
import pulumi, pulumi_kubernetes as k8s, trainstack as ts

operator = ts.MPIOperator("mpi", {{"image": "{image}"}})
pulumi.export("ready", operator.ready)
"""
# Registered like any job that names the operator: made in the same `up`, right after it.
JOB = """
def role(command):
    container = {{"name": "mpi", "image": "{busybox}", "command": command}}
    return {{"replicas": 1, "template": {{"spec": {{"containers": [container]}}}}}}

k8s.apiextensions.CustomResource(
    "job", "kubeflow.org/v2beta1", "MPIJob",
    {{
        "mpiReplicaSpecs": {{
            "Launcher": role(["sh", "-c", "grep job-worker-0.job /etc/mpi/hostfile"]),
            "Worker": role(["sleep", "600"]),
        }},
        "runPolicy": {{"cleanPodPolicy": "Running"}},
    }},
    {{"name": "job", "namespace": "{namespace}"}},
    pulumi.ResourceOptions(depends_on=[operator]))
"""

pytestmark = pytest.mark.usefixtures("no_mpi_operator")


def test_a_job_right_after_the_operator(program: NewProgram, kube: Kube, namespace: str) -> None:
    install = SOURCE.format(image=MPI_OPERATOR)
    stack = program(install + JOB.format(busybox=BUSYBOX, namespace=namespace))
    try:
        stack.up().check()
        assert stack.outputs() == {"ready": "mpi-operator/mpi-operator"}
        kube.wait(lambda: _succeeded(kube, namespace), "succeeded job", 60)
        (pod,) = kube.pods("mpi-operator", "app=mpi-operator")
        assert "forbidden" not in kube.logs("mpi-operator", pod["metadata"]["name"])
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
        stack.preview("--expect-no-changes").check()
        stack.refresh("--expect-no-changes").check()
        stack.preview("--expect-no-changes").check()
        stack.use(install).up().check()
    finally:
        stack.destroy().check()
    with pytest.raises(ApiException, match="Not Found"):
        kube.core.read_namespace("mpi-operator")
    kinds = client.ApiextensionsV1Api(kube.api).list_custom_resource_definition().items
    assert "mpijobs.kubeflow.org" in {kind.metadata.name for kind in kinds}


def _succeeded(kube: Kube, namespace: str) -> bool:
    job = kube.custom.get_namespaced_custom_object(
        "kubeflow.org", "v2beta1", namespace, "mpijobs", "job"
    )
    conditions = job.get("status", {}).get("conditions", [])
    return any(c["type"] == "Succeeded" and c["status"] == "True" for c in conditions)
