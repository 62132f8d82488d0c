"""What changes in place: the same object goes on, and a reviewer sees the one field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram, name_of

SOURCE = """
import pulumi
import trainstack as ts

namespace = pulumi.Config().require("namespace")
for name, (kind, fields) in {jobs}.items():
    job = getattr(ts, kind)(name, {{
        "image": "localhost/none:1",
        "namespace": namespace,
        "program": {{"module": "pkg.train"}},
        "checkpoint": {{"url": "s3://runs"}},
        "pod_overlay": {{"spec": {{"terminationGracePeriodSeconds": 1}}}},
        **fields,
    }})
    pulumi.export(name, job.version)
"""
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "one-node": ("ElasticJob", {}),
    "nodes": ("ElasticJob", {"nnodes": "1:3"}),
    "master": ("PyTorchJob", {"worker": {"replicas": 1}}),
    "chief": ("TFJob", {"chief": {"replicas": 1}}),
    "mpi": ("MPIJob", {}),
    "horovod": ("HorovodJob", {"worker": {"replicas": 3}, "min_np": 1}),
}
CHANGES: list[tuple[str, dict[str, Any]]] = [
    *((name, {"suspend": True}) for name in KINDS),
    *((name, {"run_policy": {"ttl_seconds_after_finished": 60}}) for name in KINDS),
    *((name, {"labels": {"team": "a"}, "annotations": {"note": "b"}}) for name in KINDS),
    *((name, {"size": 2}) for name in ("nodes", "horovod")),
]


def source(*changes: tuple[str, dict[str, Any]]) -> str:
    """A job of each kind, these changed."""
    jobs = {name: (kind, dict(fields)) for name, (kind, fields) in KINDS.items()}
    for name, fields in changes:
        jobs[name][1].update(fields)
    return SOURCE.format(jobs=repr(jobs))


def objects(stack: PulumiProgram) -> dict[str, dict[str, Any]]:
    """The job objects by logical name, as the state has them."""
    return {
        name_of(resource["urn"]): resource["outputs"]
        for resource in stack.resources()
        if resource["type"].startswith("kubernetes:")
    }


@pytest.mark.usefixtures("operator", "mpi_operator")
def test_an_object_is_updated_and_stays_the_same(program: NewProgram, namespace: str) -> None:
    stack = program(source(), config={"namespace": namespace})
    stack.up().check()
    versions, before = stack.outputs(), objects(stack)
    try:
        stack.use(source(*CHANGES))
        steps = stack.preview(json=True).check().steps()
        assert {name: steps[name] for name in KINDS} == dict.fromkeys(KINDS, "update")
        stack.up().check()
        after = objects(stack)
        assert stack.outputs() == versions
        for name in KINDS:
            assert after[name]["metadata"]["uid"] == before[name]["metadata"]["uid"]
            assert after[name]["metadata"]["labels"]["team"] == "a"
            policy = after[name]["spec"].get("runPolicy", after[name]["spec"])
            assert (policy["suspend"], policy["ttlSecondsAfterFinished"]) == (True, 60)
        assert after["nodes"]["spec"]["pytorchReplicaSpecs"]["Worker"]["replicas"] == 2
        assert after["horovod"]["spec"]["mpiReplicaSpecs"]["Worker"]["replicas"] == 2
        assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

        stack.use(source())
        stack.up().check()
        for name, resumed in objects(stack).items():
            assert resumed["metadata"]["uid"] == before[name]["metadata"]["uid"]
            assert resumed["spec"] == before[name]["spec"]
    finally:
        stack.destroy().check()


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("change", "component", "made"),
    [
        (
            {"suspend": True},
            ["+ suspend: true"],
            ["~ spec: {", "~ runPolicy: {", "~ suspend: false => true"],
        ),
        (
            {"size": 2},
            ["+ size: 2"],
            ["~ spec: {", "~ pytorchReplicaSpecs: {", "~ Worker: {", "~ replicas: 3 => 2"],
        ),
        (
            {"labels": {"team": "a"}},
            ["+ labels: {", '+ team: "a"'],
            ["~ metadata: {", "~ labels: {", '+ team: "a"'],
        ),
    ],
    ids=["suspend", "size", "labels"],
)
def test_a_reviewer_sees_the_field(
    program: NewProgram,
    namespace: str,
    *,
    change: dict[str, Any],
    component: list[str],
    made: list[str],
) -> None:
    only = {"nodes": ("ElasticJob", {"nnodes": "1:3"})}
    stack = program(SOURCE.format(jobs=repr(only)), config={"namespace": namespace})
    stack.up().check()
    try:
        changed = {"nodes": ("ElasticJob", {"nnodes": "1:3", **change})}
        stack.use(SOURCE.format(jobs=repr(changed)))
        text = stack.preview().check().stdout
        marked = [line for line in text.splitlines() if re.match(r" *[+~]", line)]
        assert [" ".join(line.split()).replace(" :", ":") for line in marked] == [
            "~ trainstack:index:ElasticJob: (update)",
            *component,
            "~ kubernetes:kubeflow.org/v1:PyTorchJob: (update)",
            *made,
            "~ 2 to update",
        ]
    finally:
        stack.destroy().check()
