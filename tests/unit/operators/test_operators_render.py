"""From arguments to whole manifests."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.support import upstream
from trainstack import TrainstackError
from trainstack.operators import TrainingOperatorArgs
from trainstack.operators.fetch import fetch
from trainstack.operators.training_render import read_upstream, render_training

LABELS = {
    "app.kubernetes.io/managed-by": "trainstack",
    "app.kubernetes.io/name": "training-operator",
    "app.kubernetes.io/version": "1.9.4",
}
NAME = "training-operator"
RBAC = "rbac.authorization.k8s.io"


@pytest.fixture(autouse=True)
def fetched(tmp_path: Any, cache: Any) -> None:
    fetch(upstream.RELEASE, upstream.write_folder(tmp_path / "origin"))


def render(**said: Any) -> dict[str, dict[str, Any]]:
    args = TrainingOperatorArgs.model_validate(said)
    return render_training(args, read_upstream(args))


def container(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = pod(manifests)["containers"][0]
    return found


def pod(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = manifests["deployment"]["spec"]["template"]["spec"]
    return found


def test_which_objects() -> None:
    assert list(render()) == [
        "namespace",
        "pytorchjobs-crd",
        "tfjobs-crd",
        "service-account",
        "cluster-role",
        "cluster-role-binding",
        "role",
        "role-binding",
        "certificate",
        "service",
        "deployment",
        "webhook",
    ]
    some = render(create_namespace=False, kinds=["JAXJob"], watch_namespace="team")
    assert [key for key in some if key not in render()] == [
        "jaxjobs-crd",
        "jobs-role",
        "jobs-role-binding",
    ]
    assert "namespace" not in some


def test_deployment() -> None:
    assert render(kinds=["PyTorchJob"])["deployment"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": NAME,
            "namespace": "kubeflow",
            "labels": {"control-plane": "it", **LABELS},
        },
        "spec": {
            "minReadySeconds": 2,
            "replicas": 1,
            "selector": {"matchLabels": {"control-plane": "it"}},
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"labels": {"control-plane": "it", **LABELS}},
                "spec": {
                    "containers": [
                        {
                            "args": [
                                "--enable-scheme=pytorchjob",
                                "--kube-api-qps=20",
                                "--kube-api-burst=30",
                                "--pytorch-init-container-image=alpine:3.10",
                            ],
                            "command": ["/manager"],
                            "image": "registry.example/operator:v1-93c5489",
                            "imagePullPolicy": "IfNotPresent",
                            "lifecycle": {"postStart": {"sleep": {"seconds": 3}}},
                            "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8081}},
                            "name": NAME,
                            "readinessProbe": {
                                "httpGet": {"path": "/readyz", "port": 8081},
                                "periodSeconds": 5,
                                "timeoutSeconds": 3,
                            },
                            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "startupProbe": {
                                "failureThreshold": 180,
                                "httpGet": {
                                    "path": "/validate-kubeflow-org-v1-pytorchjob",
                                    "port": 9443,
                                    "scheme": "HTTPS",
                                },
                                "periodSeconds": 1,
                                "timeoutSeconds": 3,
                            },
                            "volumeMounts": [
                                {"mountPath": "/certs", "name": "cert", "readOnly": True}
                            ],
                        }
                    ],
                    "securityContext": {
                        "runAsGroup": 65532,
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "serviceAccountName": NAME,
                },
            },
        },
    }


def test_everything_that_can_be_said_of_the_pods() -> None:
    said = render(
        image="localhost/op:1",
        image_pull_policy="Never",
        image_pull_secrets=["registry"],
        init_container_image="localhost/busybox:1",
        replicas=2,
        requests={"cpu": 1},
        limits={"memory": "1Gi"},
        watch_namespace="team",
        gang_scheduler_name="volcano",
        qps=5,
        burst=6,
        node_selector={"pool": "infra"},
        tolerations=[{"key": "infra", "effect": "NoSchedule"}],
        priority_class="system-cluster-critical",
        labels={"team": "ml"},
    )
    deployment = said["deployment"]
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "ml"
    assert {key: pod(said)[key] for key in pod(said) if key not in pod(render())} == {
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"pool": "infra"},
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"effect": "NoSchedule", "key": "infra", "operator": "Equal"}],
    }
    assert {key: container(said)[key] for key in ("args", "image", "imagePullPolicy")} == {
        "args": [
            "--enable-scheme=pytorchjob",
            "--enable-scheme=tfjob",
            "--kube-api-qps=5",
            "--kube-api-burst=6",
            "--pytorch-init-container-image=localhost/busybox:1",
            "--namespace=team",
            "--gang-scheduler-name=volcano",
            "--leader-elect",
        ],
        "image": "localhost/op:1",
        "imagePullPolicy": "Never",
    }
    assert container(said)["resources"] == {
        "limits": {"memory": "1Gi"},
        "requests": {"cpu": "1", "memory": "1Gi"},
    }


def test_a_pod_is_ready_when_its_last_kind_answers() -> None:
    probe = container(render(kinds=["JAXJob", "TFJob"]))["startupProbe"]
    assert probe["httpGet"]["path"] == "/validate-kubeflow-org-v1-jaxjob"


def test_access_everywhere() -> None:
    made = render(namespace="ops")
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": "ops"}
    assert made["cluster-role-binding"] == {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": NAME, "labels": LABELS},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": NAME},
        "subjects": [account],
    }
    assert made["role-binding"] == {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": NAME, "namespace": "ops", "labels": LABELS},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": NAME},
        "subjects": [account],
    }


def test_access_to_one_namespace() -> None:
    made = render(watch_namespace="team")
    assert made["jobs-role"]["metadata"] == {
        "name": f"{NAME}-jobs",
        "namespace": "team",
        "labels": LABELS,
    }
    assert (
        made["jobs-role"]["rules"] + made["cluster-role"]["rules"]
        == (render()["cluster-role"]["rules"])
    )
    assert {group for rule in made["cluster-role"]["rules"] for group in rule["apiGroups"]} == {
        "admissionregistration.k8s.io"
    }


def test_webhook_of_the_chosen_kinds() -> None:
    made = render(namespace="ops", kinds=["TFJob"], watch_namespace="team")["webhook"]
    assert json.loads(made["metadata"].pop("annotations")["pulumi.com/waitFor"]) == [
        'jsonpath={.webhooks[?(@.name=="tfjob.example")].clientConfig.caBundle}'
    ]
    assert made == {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "validator.training-operator.kubeflow.org", "labels": LABELS},
        "webhooks": [
            {
                "clientConfig": {"service": {"name": NAME, "namespace": "ops", "path": "/tfjob"}},
                "name": "tfjob.example",
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team"}},
                "rules": [{"resources": ["tfjobs"]}],
            }
        ],
    }


def test_crd_without_prose() -> None:
    made = render()["tfjobs-crd"]
    assert made["metadata"]["annotations"] == {
        "made-by": "upstream",
        "pulumi.com/waitFor": "condition=Established",
    }
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema == {"properties": {"description": {"type": "string"}}, "type": "object"}


def test_small_objects() -> None:
    made = render(labels={"app": "mine", "team": "ml"}, namespace="ops")
    labels = {"team": "ml", **LABELS}
    assert made["namespace"] == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "ops", "labels": {"app": "mine", **labels}},
    }
    assert made["certificate"] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "training-operator-webhook-cert",
            "namespace": "ops",
            "labels": {"app": "mine", **labels},
        },
        "type": "Opaque",
    }
    assert made["service-account"]["metadata"] == {
        "name": NAME,
        "namespace": "ops",
        "labels": {"app": "upstream", **labels},
    }
    assert made["service"]["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_every_namespaced_object_says_where_it_is() -> None:
    for manifest in render(namespace="ops", watch_namespace="ops").values():
        cluster_wide = manifest["kind"].startswith("Cluster") or manifest["kind"] in (
            "CustomResourceDefinition",
            "Namespace",
            "ValidatingWebhookConfiguration",
        )
        assert manifest["metadata"].get("namespace") == (None if cluster_wide else "ops")


def test_upstream_is_left_alone() -> None:
    args = TrainingOperatorArgs(watch_namespace="team", labels={"a": "b"})
    documents = read_upstream(args)
    before = copy.deepcopy(documents)
    render_training(args, documents)
    assert documents == before


def test_from_a_folder(source: Any) -> None:
    assert render(source=str(source)) == render()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("service.yaml", "a: [", "not YAML"),
        ("service.yaml", "", "source: no Service in the manifests"),
        (None, "", "is not a folder"),
    ],
)
def test_bad_folders(source: Any, name: str | None, content: str, message: str) -> None:
    if name:
        (source / upstream.RELEASE.folder / name).write_text(content)
    where = source if name else source / "gone"
    with pytest.raises(TrainstackError, match=message):
        render(source=str(where))
