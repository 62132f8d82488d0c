"""The training-operator's component in the real engine, with no cluster to be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NewProgram

SOURCE = """
import pulumi, pulumi_kubernetes as k8s, trainstack as ts

cluster = k8s.Provider("cluster", kubeconfig={kubeconfig!r})
operator = ts.TrainingOperator("training", {args}, pulumi.ResourceOptions({options}))
pulumi.export("ready", operator.ready)
"""
UNREACHABLE = """
apiVersion: v1
kind: Config
clusters: [{name: gone, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: gone, context: {cluster: gone, user: nobody}}]
current-context: gone
"""


def source(args: object = None, options: str = "provider=cluster") -> str:
    return SOURCE.format(kubeconfig=UNREACHABLE, args=args, options=options)


@pytest.mark.parametrize(
    "options",
    ["provider=cluster", "providers=[cluster]", "providers={'kubernetes': cluster}"],
)
def test_first_preview_without_a_cluster(offline_program: NewProgram, options: str) -> None:
    result = offline_program(source(options=options)).preview(json=True).check()
    children = [
        step["newState"] for step in result.json["steps"] if "TrainingOperator$" in step["urn"]
    ]
    assert len(children) == 12
    assert {step["op"] for step in result.json["steps"]} == {"create"}
    for child in children:
        assert "::pulumi:providers:kubernetes::cluster::" in child["provider"], child["urn"]


def test_a_reviewer_sees_what_is_installed(offline_program: NewProgram) -> None:
    shown = offline_program(source({"kinds": ["TFJob"], "namespace": "ops"})).preview().check()
    assert 'kinds    : [\n            [0]: "TFJob"' in shown.output
    assert "ready: [unknown]" in shown.output


def test_nothing_fetched_and_nothing_downloaded(
    offline_program: NewProgram, tmp_path: Path
) -> None:
    program = offline_program(source(), env={"TRAINSTACK_CACHE": str(tmp_path / "empty")})
    result = program.preview()
    assert not result.ok
    assert "run: trainstack operators fetch training-operator@1.9.4" in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "empty").exists()


def test_a_kind_of_another_operator(offline_program: NewProgram) -> None:
    result = offline_program(source({"kinds": ["MPIJob"]})).preview()
    assert not result.ok
    assert "TrainingOperator 'training': kinds: got ['MPIJob']: MPIJob is not" in result.output
    assert "Traceback" not in result.output
