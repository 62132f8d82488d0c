"""TensorBoard: arguments, whole manifests, and what is registered."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.schema import read_back
from trainstack.policy.restricted import restricted
from trainstack.spec.model import parse
from trainstack.tensorboard.render import render_tensorboard
from trainstack.testing import synth

LEAST: dict[str, Any] = {"image": "registry.example/tensorboard:1", "logs": {"pvc": "checkpoints"}}
BUCKET = {"url": "s3://runs/digits"}
SELECTOR = {"app.kubernetes.io/instance": "board", "app.kubernetes.io/name": "tensorboard"}
LABELS = {**SELECTOR, "app.kubernetes.io/managed-by": "trainstack"}
METADATA = {"name": "board", "namespace": "default", "labels": LABELS}
TEMPORARY = "mount-tmp-e9671a"
LOGS = "mount-mnt-logs-e14de0"


def render(**said: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    args = parse(ts.TensorBoardArgs, {**LEAST, **said}, "TensorBoard 'board'")
    return render_tensorboard(args, "board")


def pod(**said: Any) -> dict[str, Any]:
    spec: dict[str, Any] = render(**said)[0]["spec"]["template"]["spec"]
    return spec


def container(**said: Any) -> dict[str, Any]:
    (found,) = pod(**said)["containers"]
    return dict(found)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"logs": {}}, "logs: give exactly one of pvc and url, got none"),
        ({"logs": {"pvc": "a", "url": "s3://bucket"}}, "logs: give exactly one of pvc and url, go"),
        ({"logs": {"pvc": "a", "endpoint": "https://x"}}, "logs: endpoint: applies to url only"),
        ({"logs": {**BUCKET, "sub_path": "x"}}, "logs: sub_path: applies to pvc only"),
        ({"logs": {"pvc": "a", "sub_path": "../b"}}, "logs.sub_path: got '../b': must be relative"),
        ({"logs": {"url": "gs://bucket"}}, "logs.url: got 'gs://bucket': must be 's3://<bucket>'"),
        ({"reload_interval": 0}, "reload_interval: got 0: must be greater than or equal to 1"),
        ({"name": "Board"}, "name: got 'Board': must be lower-case letters, digits and '-'"),
        ({"name": "b" * 51}, f"name: got '{'b' * 51}'"),
        ({"requests": {"memory": "4Gi"}}, "requests 4Gi of memory, above its limit 2Gi"),
        (
            {"env": {"KEY": "a"}, "secrets": {"KEY": {"name": "s", "key": "k"}}},
            "secrets.KEY: also given in env",
        ),
        ({"port": 80}, "port: unknown field"),
    ],
)
def test_mistakes(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ts.TrainstackError) as told:
        render(**said)
    assert str(told.value).removeprefix("TensorBoard 'board': ").startswith(message)


def test_the_logical_name_has_to_be_one_of_an_object() -> None:
    with pytest.raises(ts.TrainstackError, match="'My Board': logical name: name: got 'My Board'"):
        synth(lambda: ts.TensorBoard("My Board", LEAST))


def test_the_whole_deployment() -> None:
    assert render()[0] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": METADATA,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": SELECTOR},
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "automountServiceAccountToken": False,
                    "containers": [
                        {
                            "args": [
                                "--logdir=/mnt/logs",
                                "--host=0.0.0.0",
                                "--port=6006",
                                "--reload_interval=30",
                                "--window_title=board",
                            ],
                            "command": ["tensorboard"],
                            "image": "registry.example/tensorboard:1",
                            "name": "tensorboard",
                            "ports": [{"containerPort": 6006, "name": "http", "protocol": "TCP"}],
                            "readinessProbe": {
                                "httpGet": {"path": "/data/environment", "port": "http"},
                                "periodSeconds": 5,
                                "timeoutSeconds": 5,
                            },
                            "resources": {
                                "limits": {"memory": "2Gi"},
                                "requests": {"cpu": "100m", "memory": "512Mi"},
                            },
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "volumeMounts": [
                                {"name": TEMPORARY, "mountPath": "/tmp"},
                                {"name": LOGS, "mountPath": "/mnt/logs", "readOnly": True},
                            ],
                        }
                    ],
                    "enableServiceLinks": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "volumes": [
                        {"name": TEMPORARY, "emptyDir": {}},
                        {
                            "name": LOGS,
                            "persistentVolumeClaim": {
                                "claimName": "checkpoints",
                                "readOnly": True,
                            },
                        },
                    ],
                },
            },
        },
    }


def test_the_whole_service() -> None:
    assert render()[1] == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": METADATA,
        "spec": {
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
            "selector": SELECTOR,
            "type": "ClusterIP",
        },
    }


def test_the_api_server_drops_nothing_of_it_and_pod_security_restricted_admits_it() -> None:
    for manifest in render():
        assert read_back(manifest) == manifest
    assert list(restricted(render()[0], {})) == []


def test_a_bucket() -> None:
    logs = {**BUCKET, "endpoint": "http://minio.lab:9000", "region": "eu-central-1"}
    secrets = {"AWS_SECRET_ACCESS_KEY": {"name": "store", "key": "secret"}}
    found = container(logs=logs, secrets=secrets, env={"AWS_ACCESS_KEY_ID": "key"})
    assert found["args"][0] == "--logdir=s3://runs/digits"
    assert found["env"] == [
        {"name": "AWS_ACCESS_KEY_ID", "value": "key"},
        {"name": "AWS_DEFAULT_REGION", "value": "eu-central-1"},
        {
            "name": "AWS_SECRET_ACCESS_KEY",
            "valueFrom": {"secretKeyRef": {"key": "secret", "name": "store"}},
        },
        {"name": "S3_ENDPOINT", "value": "http://minio.lab:9000"},
    ]
    assert found["volumeMounts"] == [{"name": TEMPORARY, "mountPath": "/tmp"}]


def test_a_folder_of_a_volume_need_not_be_there_yet() -> None:
    found = container(logs={"pvc": "checkpoints", "sub_path": "digits/v1/"})
    assert found["args"][0] == "--logdir=/mnt/logs/digits/v1"
    assert "subPath" not in found["volumeMounts"][1]


def test_the_other_fields() -> None:
    said = {
        "image_pull_secrets": ["registry"],
        "namespace": "lab",
        "reload_interval": 5,
        "requests": {"cpu": "1"},
        "limits": {"memory": "4Gi"},
        "service_account": "reader",
        "pod_overlay": {"spec": {"securityContext": {"fsGroup": 1000}}},
    }
    deployment, service = render(**said)
    spec = deployment["spec"]["template"]["spec"]
    assert deployment["metadata"]["namespace"] == service["metadata"]["namespace"] == "lab"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["serviceAccountName"] == "reader"
    assert spec["securityContext"]["fsGroup"] == 1000
    assert spec["containers"][0]["args"][3] == "--reload_interval=5"
    assert spec["containers"][0]["resources"] == {
        "limits": {"memory": "4Gi"},
        "requests": {"cpu": "1", "memory": "4Gi"},
    }


@pytest.mark.parametrize("preview", [True, False])
def test_what_is_registered(preview: bool) -> None:
    def program() -> None:
        board = ts.TensorBoard("board", {**LEAST, "namespace": "lab", "reload_interval": 5})
        pulumi.export("address", board.address)
        pulumi.export("commands", board.commands)

    made = synth(program, preview=preview)
    assert [(one.type, one.name, one.parent) for one in made.registrations] == [
        ("trainstack:index:TensorBoard", "board", ""),
        ("kubernetes:apps/v1:Deployment", "board", "board"),
        ("kubernetes:core/v1:Service", "board", "board"),
    ]
    assert made.one("trainstack:index:TensorBoard").inputs == {
        "image": "registry.example/tensorboard:1",
        "logs": {"pvc": "checkpoints"},
        "name": "board",
        "namespace": "lab",
        "reload_interval": 5,
    }
    assert made.outputs == {
        "address": "http://board.lab.svc",
        "commands": {
            "forward": "kubectl --namespace lab port-forward service/board 6006:80",
            "logs": "kubectl --namespace lab logs deployment/board",
        },
    }


def test_names_and_places_may_be_outputs() -> None:
    def program() -> None:
        later = pulumi.Output.from_input
        board = ts.TensorBoard(
            "board",
            {
                **LEAST,
                "name": "other",
                "namespace": later("lab"),
                "logs": {"url": later("s3://runs")},
                "secrets": {"KEY": {"name": later("s"), "key": "k"}},
            },
        )
        pulumi.export("address", board.address)

    made = synth(program)
    deployment = made.one("Deployment").inputs
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    assert deployment["metadata"]["name"] == "other"
    assert found["args"][0] == "--logdir=s3://runs"
    assert made.one("TensorBoard").inputs["secrets"] == {"KEY": "s/k"}
    assert made.outputs["address"] == "http://other.lab.svc"


def test_it_runs_on_the_cluster_that_it_is_given() -> None:
    cluster = ts.Cluster(context="training")
    made = synth(lambda: ts.TensorBoard("board", {**LEAST, "cluster": cluster}))
    provider = made.one("pulumi:providers:kubernetes")
    assert provider.inputs["context"] == "training"
    assert "training" in made.one("Deployment").options["provider"]
