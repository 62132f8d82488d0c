"""A run that has finished stays finished, whatever becomes of its object."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

import images
from tests.conftest import NewProgram
from tests.runtime.programs import COUNTS
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram
from tests.support.s3 import s3_server

if TYPE_CHECKING:
    from devcluster import DevCluster

SOURCE = """
import pulumi
import pulumi_kubernetes as k8s
import trainstack as ts

config = pulumi.Config()
namespace = config.require("namespace")
keys = k8s.core.v1.Secret(
    "keys",
    metadata={{"name": "keys", "namespace": namespace}},
    string_data={{"id": "test", "secret": "test"}},
)
job = ts.{kind}("run", {{
    "image": config.require("image"),
    "run_name": "run",
    "namespace": namespace,
    "program": {{"script": "train.py"}},
    "args": ["120"],
    "checkpoint": {{
        "url": "s3://runs/team", "endpoint": config.require("endpoint"), "region": "us-east-1",
    }},
    "secrets": {{
        "AWS_ACCESS_KEY_ID": {{"name": keys.metadata["name"], "key": "id"}},
        "AWS_SECRET_ACCESS_KEY": {{"name": keys.metadata["name"], "key": "secret"}},
    }},
    **{fields},
}})
for name in ("result", "version", "job_name"):
    pulumi.export(name, getattr(job, name))
"""
RUN = "trainstack.dev/run=run"
OPERATOR = "control-plane=kubeflow-training-operator"
TRAINED = {"first": 0, "step": 120}
WAITED = {"wait": "finished", "timeout": 400}


def source(kind: str, **fields: Any) -> str:
    return SOURCE.format(kind=kind, fields=repr({**WAITED, **fields}))


def uids(stack: PulumiProgram) -> list[str]:
    """Of the objects in the state."""
    return [
        resource["outputs"]["metadata"]["uid"]
        for resource in stack.resources()
        if resource["type"].startswith("kubernetes:") and "Secret" not in resource["type"]
    ]


def restart_operator(kube: Kube) -> None:
    """Another pod of the operator looks at all jobs anew."""

    def ready() -> bool:
        pods = kube.pods("kubeflow", OPERATOR)
        states = [state for pod in pods for state in pod["status"].get("containerStatuses", ())]
        return [state["ready"] for state in states] == [True] and names(pods) != names(before)

    before = kube.pods("kubeflow", OPERATOR)
    for pod in before:
        kube.delete_pod("kubeflow", pod["metadata"]["name"], grace=0)
    kube.wait(ready, "operator", 120)
    time.sleep(10)


def names(pods: list[dict[str, Any]]) -> list[str]:
    """By which pods are told apart."""
    return [f"{pod['metadata']['name']} {pod['metadata']['uid']}" for pod in pods]


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ElasticJob", {}),
        ("ElasticJob", {"nnodes": 2}),
        ("PyTorchJob", {}),
    ],
    ids=["one node", "two nodes", "master"],
)
def test_it_is_not_trained_again(
    program: NewProgram,
    image: images.Image,
    cluster: DevCluster,
    kube: Kube,
    namespace: str,
    *,
    kind: str,
    fields: dict[str, Any],
) -> None:
    one_pod = (kind, fields) == ("ElasticJob", {})

    def ends_with_what_was_stored() -> None:
        """The next `up` makes the object again, and nothing is trained."""
        stack.use(source(kind, **fields))
        stack.refresh().check()
        stack.up().check()
        assert stack.outputs() == first
        logs = [kube.logs(namespace, pod["metadata"]["name"]) for pod in kube.pods(namespace, RUN)]
        assert any("has finished: nothing is trained" in log for log in logs)
        assert not any("begins at" in log for log in logs)

    with s3_server(str(cluster.settings.node_address)) as s3:
        config = {"image": image.tag, "namespace": namespace, "endpoint": s3.endpoint}
        stack = program(source(kind, **fields), config=config)
        stack.write("train.py", COUNTS)
        stack.up().check()
        first, made = stack.outputs(), uids(stack)
        assert first["result"] == TRAINED

        stack.refresh().check()
        stack.up().check()
        assert (stack.outputs(), uids(stack)) == (first, made)

        if not one_pod:
            pods = kube.pods(namespace, RUN)
            restart_operator(kube)
            stack.refresh().check()
            stack.up().check()
            assert (stack.outputs(), uids(stack)) == (first, made)
            assert names(kube.pods(namespace, RUN)) == names(pods)

        kube.expire(namespace, first["job_name"], "jobs" if one_pod else "pytorchjobs")
        kube.wait(lambda: not kube.pods(namespace, RUN), "the end of the object", 60)
        ends_with_what_was_stored()

        kube.remake_namespace(namespace)
        ends_with_what_was_stored()

        stack.use(source(kind, **{**fields, "attempt": 2})).up().check()
        again = stack.outputs()
        assert again["result"] == TRAINED
        assert again["version"] != first["version"]
        stack.destroy().check()
