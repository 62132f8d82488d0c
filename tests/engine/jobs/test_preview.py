"""What a reviewer sees, by the real engine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram

JOB = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.{kind}("digits", {{
    "image": "localhost/none:1",
    "namespace": config.get("namespace") or "default",
    {fields}
}})
pulumi.export("version", job.version)
pulumi.export("job_name", job.job_name)
"""


ENDS_AT_ONCE = {"spec": {"terminationGracePeriodSeconds": 1}}


def job(kind: str = "ElasticJob", **fields: Any) -> str:
    said = {"program": {"module": "pkg.train"}, "pod_overlay": ENDS_AT_ONCE, **fields}
    return JOB.format(
        kind=kind, fields=",".join(f'"{key}": {value!r}' for key, value in said.items())
    )


def replaced_old_first(stack: PulumiProgram) -> bool:
    """Whether preview deletes the job's object before it makes the new one."""
    lines = stack.run("preview").check().stdout.splitlines()
    marks = [line.split()[0] for line in lines if "kubernetes:" in line and " digits " in line]
    return marks[0] == "--" and "++" in marks


MANY_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "elastic": ("ElasticJob", {"nnodes": "1:3", "hyperparameters": {"lr": 0.1, "amp": True}}),
    "one node": ("ElasticJob", {"nnodes": 1, "run_policy": {"active_deadline_seconds": 600}}),
    "master and workers": (
        "PyTorchJob",
        {"worker": {"replicas": 2, "restart_policy": "OnFailure"}},
    ),
    "all of a pod": (
        "PyTorchJob",
        {
            "resources": {"cpu": 1.5, "mem": "0.5Gi", "gpu": 1},
            "env": {"B": "2", "A": 1},
            "secrets": {"TOKEN": {"name": "t", "key": "k"}},
            "mounts": [
                {"path": "/data", "pvc": "data", "read_only": True},
                {"path": "/scratch", "empty_dir": True, "size": "1Gi"},
                {"path": "/conf", "config_map": "conf"},
                {"path": "/host", "host_path": "/tmp/trainstack-test"},
            ],
            "shared_memory": "64Mi",
            "labels": {"team": "vision"},
            "annotations": {"note": "a note"},
            "pod_overlay": {
                "spec": {"nodeSelector": {"zone": "a"}, "terminationGracePeriodSeconds": 1}
            },
            "master": {"env": {"ROLE": "m"}, "limits": {"cpu": "2", "memory": "1Gi"}},
            "worker": {"replicas": 1, "restart_policy": "ALWAYS"},
        },
    ),
}


@pytest.mark.parametrize("case", MANY_OPTIONS)
def test_preview_needs_no_cluster(offline_program: NewProgram, case: str) -> None:
    kind, fields = MANY_OPTIONS[case]
    steps = offline_program(job(kind, **fields)).preview(json=True).check().steps()
    assert steps["digits"] == "create"


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("case", MANY_OPTIONS)
def test_nothing_changes_right_after_up(program: NewProgram, namespace: str, case: str) -> None:
    kind, fields = MANY_OPTIONS[case]
    stack = program(job(kind, **fields), config={"namespace": namespace})
    stack.up().check()
    try:
        again = stack.preview(json=True).check()
        assert set(again.json["changeSummary"]) == {"same"}, again.stdout
    finally:
        stack.destroy().check()


@pytest.mark.usefixtures("operator")
def test_a_changed_hyperparameter_is_a_new_run_and_shows_as_that(
    program: NewProgram, namespace: str
) -> None:
    stack = program(
        job(nnodes=2, hyperparameters={"lr": 0.1, "epochs": 3}), config={"namespace": namespace}
    )
    stack.up().check()
    first = stack.outputs()["job_name"]
    try:
        stack.use(job(nnodes=2, hyperparameters={"lr": 0.2, "epochs": 3}))
        shown = stack.preview().check().stdout
        marked = [line for line in shown.splitlines() if re.match(r" *(\+-|~)", line)]
        changes = [re.sub(r"[0-9a-f]{8}", "VERSION", " ".join(line.split())) for line in marked]
        assert changes == [
            "~ trainstack:index:ElasticJob: (update)",
            "~ hyperparameters: {",
            '~ lr : "0.1" => "0.2"',
            '~ version : "VERSION" => "VERSION"',
            "+-kubernetes:kubeflow.org/v1:PyTorchJob: (replace)",
            '~ metadata.labels["trainstack.dev/version"] (hidden)',
            "~ spec.elasticPolicy (hidden)",
            "~ spec.pytorchReplicaSpecs.Master (hidden)",
            "~ spec.pytorchReplicaSpecs.Worker.template (hidden)",
            "~ metadata: {",
            '~ name: "digits-VERSION" => "digits-VERSION"',
            '~ job_name: "digits-VERSION" => "digits-VERSION"',
            '~ version : "VERSION" => "VERSION"',
            "~ 1 to update",
            "+-1 to replace",
        ]
        assert replaced_old_first(stack)

        stack.up().check()
        assert stack.outputs()["job_name"] != first
    finally:
        stack.destroy().check()


@pytest.mark.usefixtures("operator")
def test_labels_and_annotations_of_the_object_change_in_place(
    program: NewProgram, namespace: str
) -> None:
    stack = program(job(nnodes=2, labels={"team": "a"}), config={"namespace": namespace})
    stack.up().check()
    first = stack.outputs()
    try:
        stack.use(job(nnodes=2, labels={"team": "b"}, annotations={"note": "x"}))
        assert stack.preview(json=True).check().steps()["digits"] == "update"
        stack.up().check()
        assert stack.outputs() == first
    finally:
        stack.destroy().check()


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"nnodes": 2, "version": "v1"}, {"nnodes": 3, "version": "v1"}),
        ({"nnodes": 1}, {"nnodes": 2}),
        ({"nnodes": 2}, {"nnodes": 1}),
    ],
    ids=["same explicit version", "batch Job to PyTorchJob", "PyTorchJob to batch Job"],
)
def test_the_old_run_is_deleted_before_the_new_one_is_made(
    program: NewProgram, namespace: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    stack = program(job(**before), config={"namespace": namespace})
    stack.up().check()
    try:
        stack.use(job(**after))
        assert replaced_old_first(stack)
        stack.up().check()
    finally:
        stack.destroy().check()


@pytest.mark.usefixtures("operator")
def test_every_child_uses_the_given_provider(program: NewProgram, namespace: str) -> None:
    stack = program(
        """
        import os, pulumi, pulumi_kubernetes as k8s, trainstack as ts

        pulumi.Config()
        mine = k8s.Provider("mine", kubeconfig=os.environ["KUBECONFIG"])
        fields = {
            "image": "localhost/none:1", "program": {"script": "train.py"},
            "namespace": pulumi.Config().require("namespace"),
        }
        ts.ElasticJob("a", {**fields, "nnodes": 2}, pulumi.ResourceOptions(provider=mine))
        ts.ElasticJob("b", fields, pulumi.ResourceOptions(providers=[mine]))
        cluster = ts.Cluster(kubeconfig=os.environ["KUBECONFIG"])
        ts.PyTorchJob("c", {**fields, "cluster": cluster})
        ts.PyTorchJob("d", {**fields, "cluster": cluster})
        """,
        config={"namespace": namespace, "pulumi:disable-default-providers": '["kubernetes"]'},
    )
    stack.write("train.py", "print('hello')\n")
    stack.up().check()
    try:
        providers = [
            r["urn"] for r in stack.resources() if r["type"] == "pulumi:providers:kubernetes"
        ]
        assert len(providers) == 2, providers
    finally:
        stack.destroy().check()
