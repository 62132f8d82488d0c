"""Kueue: arguments, whole manifests, what it may do, and what is registered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.support import kueue_upstream
from tests.support.upstream import write_release
from trainstack import Kueue, KueueArgs, TrainstackError
from trainstack.operators import release
from trainstack.operators.fetch import fetch
from trainstack.operators.kueue_render import read_kueue_upstream, render_kueue
from trainstack.spec.model import parse
from trainstack.testing import synth

LABELS = {
    "app.kubernetes.io/managed-by": "trainstack",
    "app.kubernetes.io/name": "kueue",
    "app.kubernetes.io/version": "0.14.0",
}
QUEUED = {"matchExpressions": [{"key": "kueue.x-k8s.io/queue-name", "operator": "Exists"}]}
CHANGE = ["get", "list", "patch", "update", "watch"]
READ = ["get", "list", "watch"]
STATUS = ["get", "patch", "update"]
WRITE = ["create", "delete", "get", "list", "update", "watch"]


@pytest.fixture(autouse=True)
def fetched(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "RELEASES", (kueue_upstream.RELEASE,))
    origin = write_release(tmp_path / "origin", kueue_upstream.RELEASE, kueue_upstream.files())
    fetch(kueue_upstream.RELEASE, origin)


def render(**said: Any) -> dict[str, dict[str, Any]]:
    args = KueueArgs.model_validate(said)
    return render_kueue(args, read_kueue_upstream(args))


def config(**said: Any) -> dict[str, Any]:
    text = render(**said)["config"]["data"]["controller_manager_config.yaml"]
    found: dict[str, Any] = json.loads(text)
    return found


def rules(role: dict[str, Any]) -> dict[str, list[str]]:
    return {
        "/".join((*rule["apiGroups"], *rule["resources"], *rule.get("resourceNames", []))): rule[
            "verbs"
        ]
        for rule in role["rules"]
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"kinds": []}, "kinds: got []: name at least one job kind"),
        ({"kinds": ["Job", "Job"]}, "kinds: got ['Job', 'Job']: a kind is named twice"),
        ({"kinds": ["JAXJob"]}, "kinds[0]: got 'JAXJob': must be 'Job', 'PyTorchJob', 'TFJob'"),
        ({"pods_ready_timeout": 0}, "pods_ready_timeout: got 0"),
        ({"version": "9"}, "version: unknown operator release 'kueue@9'; known: "),
        ({"watch_namespace": "team"}, "watch_namespace: unknown field"),
        ({"gang_scheduler_name": "volcano"}, "gang_scheduler_name: unknown field"),
        ({"qps": 101}, "burst: got 100, less than qps (101)"),
        ({"labels": {"control-plane": "x"}}, "labels: 'control-plane' is how the operator's pods"),
    ],
)
def test_mistakes(args: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as told:
        parse(KueueArgs, args, "Kueue 'x'")
    assert str(told.value).startswith(f"Kueue 'x': {message}")


def test_which_objects() -> None:
    assert list(render()) == [
        "namespace",
        "admissionchecks-crd",
        "clusterqueues-crd",
        "cohorts-crd",
        "localqueues-crd",
        "provisioningrequestconfigs-crd",
        "resourceflavors-crd",
        "topologies-crd",
        "workloadpriorityclasses-crd",
        "workloads-crd",
        "service-account",
        "cluster-role",
        "cluster-role-binding",
        "role",
        "role-binding",
        "config",
        "certificate",
        "service",
        "deployment",
        "mutating-webhook",
        "validating-webhook",
    ]
    assert "namespace" not in render(create_namespace=False)


def test_deployment() -> None:
    deployment = render(image="registry.example/kueue:1")["deployment"]
    annotations = deployment["spec"]["template"]["metadata"].pop("annotations")
    assert annotations.keys() == {"trainstack.dev/config"}
    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "kueue-controller-manager",
            "namespace": "kueue-system",
            "labels": LABELS,
        },
        "spec": {
            "minReadySeconds": 2,
            "replicas": 1,
            "selector": {"matchLabels": {"control-plane": "controller-manager"}},
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"labels": {"control-plane": "controller-manager", **LABELS}},
                "spec": {
                    "containers": [
                        {
                            "args": [
                                "--config=/controller_manager_config.yaml",
                                "--zap-log-level=2",
                            ],
                            "command": ["/manager"],
                            "image": "registry.example/kueue:1",
                            "imagePullPolicy": "IfNotPresent",
                            "lifecycle": {"postStart": {"sleep": {"seconds": 3}}},
                            "livenessProbe": {
                                "httpGet": {"path": "/healthz", "port": 8081},
                                "periodSeconds": 20,
                                "timeoutSeconds": 3,
                            },
                            "name": "manager",
                            "readinessProbe": {
                                "httpGet": {"path": "/readyz", "port": 8081},
                                "periodSeconds": 5,
                                "timeoutSeconds": 3,
                            },
                            "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "startupProbe": {
                                "failureThreshold": 180,
                                "httpGet": {
                                    "path": "/mutate-mpijob",
                                    "port": 9443,
                                    "scheme": "HTTPS",
                                },
                                "periodSeconds": 1,
                                "timeoutSeconds": 3,
                            },
                            "volumeMounts": [
                                {
                                    "mountPath": "/tmp/k8s-webhook-server/serving-certs",
                                    "name": "cert",
                                    "readOnly": True,
                                },
                                {
                                    "mountPath": "/controller_manager_config.yaml",
                                    "name": "manager-config",
                                    "subPath": "controller_manager_config.yaml",
                                },
                            ],
                        }
                    ],
                    "securityContext": {
                        "runAsGroup": 65532,
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "serviceAccountName": "kueue",
                    "volumes": [
                        {
                            "name": "cert",
                            "secret": {
                                "defaultMode": 420,
                                "secretName": "kueue-webhook-server-cert",
                            },
                        },
                        {"name": "manager-config", "configMap": {"name": "kueue-manager-config"}},
                    ],
                },
            },
        },
    }


def test_upstreams_released_image_is_the_default() -> None:
    (container,) = render()["deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.k8s.io/kueue/kueue:v0.14.0"


def test_configuration() -> None:
    assert config() == {
        "apiVersion": "config.kueue.x-k8s.io/v1beta1",
        "kind": "Configuration",
        "clientConnection": {"burst": 100, "qps": 50},
        "featureGates": {
            "LocalQueueDefaulting": False,
            "MultiKueue": False,
            "VisibilityOnDemand": False,
        },
        "health": {"healthProbeBindAddress": ":8081"},
        "integrations": {
            "frameworks": [
                "batch/job",
                "kubeflow.org/pytorchjob",
                "kubeflow.org/tfjob",
                "kubeflow.org/mpijob",
            ]
        },
        "internalCertManagement": {
            "enable": True,
            "webhookSecretName": "kueue-webhook-server-cert",
            "webhookServiceName": "kueue-webhook-service",
        },
        "leaderElection": {"leaderElect": False, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "manageJobsWithoutQueueName": False,
        "metrics": {"bindAddress": "0"},
        "resources": {"excludeResourcePrefixes": ["hugepages-"]},
        "webhook": {"port": 9443},
    }


def test_what_the_fields_make_of_the_configuration() -> None:
    found = config(kinds=["TFJob", "Job"], replicas=2, qps=5, burst=6, pods_ready_timeout=300)
    assert found["integrations"] == {"frameworks": ["batch/job", "kubeflow.org/tfjob"]}
    assert found["leaderElection"]["leaderElect"] is True
    assert found["clientConnection"] == {"burst": 6, "qps": 5}
    assert found["waitForPodsReady"] == {
        "blockAdmission": True,
        "enable": True,
        "timeout": "300s",
    }


def test_a_changed_configuration_makes_new_pods() -> None:
    def annotation(**said: Any) -> Any:
        return render(**said)["deployment"]["spec"]["template"]["metadata"]["annotations"]

    assert annotation() == annotation(labels={"team": "a"})
    assert annotation() != annotation(pods_ready_timeout=300)


@pytest.mark.parametrize(("key", "verb"), [("mutating", "mutate"), ("validating", "validate")])
def test_webhooks_are_those_of_queues_and_of_queued_jobs_of_the_chosen_kinds(
    key: str, verb: str
) -> None:
    found = render(kinds=["PyTorchJob", "Job"], namespace="ops")[f"{key}-webhook"]
    letter = verb[0]
    names = ("job", "pytorchjob", "clusterqueue", "workload")
    assert found["metadata"]["name"] == f"kueue-{key}-webhook-configuration"
    assert json.loads(found["metadata"]["annotations"]["pulumi.com/waitFor"]) == [
        f'jsonpath={{.webhooks[?(@.name=="{letter}{name}.kb.io")].clientConfig.caBundle}}'
        for name in names
    ]
    assert {hook["name"]: hook.get("objectSelector") for hook in found["webhooks"]} == {
        f"{letter}job.kb.io": QUEUED,
        f"{letter}pytorchjob.kb.io": QUEUED,
        f"{letter}clusterqueue.kb.io": None,
        f"{letter}workload.kb.io": None,
    }
    assert [hook["clientConfig"]["service"] for hook in found["webhooks"]] == [
        {"name": "kueue-webhook-service", "namespace": "ops", "path": f"/{verb}-{name}"}
        for name in names
    ]


def test_service() -> None:
    assert render()["service"] == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kueue-webhook-service",
            "namespace": "kueue-system",
            "annotations": {"pulumi.com/skipAwait": "true"},
            "labels": LABELS,
        },
        "spec": {
            "ports": [{"port": 443, "targetPort": 9443}],
            "selector": {"control-plane": "controller-manager"},
        },
    }


def test_access() -> None:
    made = render(kinds=["Job", "PyTorchJob"])
    base = "admissionregistration.k8s.io"
    assert rules(made["cluster-role"]) == {
        "/events": ["create", "patch"],
        "/limitranges": READ,
        "/namespaces": READ,
        "/nodes": READ,
        "/pods": ["get", "list", "patch", "watch"],
        "/podtemplates": WRITE,
        "batch/jobs": CHANGE,
        "batch/jobs/finalizers": ["update"],
        "batch/jobs/status": STATUS,
        "kubeflow.org/pytorchjobs": CHANGE,
        "kubeflow.org/pytorchjobs/finalizers": ["update"],
        "kueue.x-k8s.io/clusterqueues": CHANGE,
        "kueue.x-k8s.io/clusterqueues/finalizers": ["update"],
        "kueue.x-k8s.io/clusterqueues/status": STATUS,
        "kueue.x-k8s.io/workloads": sorted([*WRITE, "patch"]),
        "kueue.x-k8s.io/workloads/finalizers": ["update"],
        "kueue.x-k8s.io/workloads/status": STATUS,
        f"{base}/mutatingwebhookconfigurations": READ,
        f"{base}/mutatingwebhookconfigurations/kueue-mutating-webhook-configuration": ["update"],
        f"{base}/validatingwebhookconfigurations": READ,
        f"{base}/validatingwebhookconfigurations/kueue-validating-webhook-configuration": [
            "update"
        ],
    }
    assert rules(made["role"]) == {
        "/secrets": READ,
        "/secrets/kueue-webhook-server-cert": ["update"],
    }


def test_several_replicas_elect_a_leader() -> None:
    assert rules(render(replicas=2)["role"])[
        "coordination.k8s.io/leases/c1f6bfd2.kueue.x-k8s.io"
    ] == ["get", "update"]


def test_summary_outputs_and_order() -> None:
    def program() -> None:
        kueue = Kueue("kueue", {"kinds": ["PyTorchJob"]})
        pulumi.export("ready", kueue.ready)
        pulumi.export("kinds", kueue.kinds)

    found = synth(program)
    assert found.one("trainstack:index:Kueue").inputs == {
        "image": "registry.k8s.io/kueue/kueue:v0.14.0",
        "kinds": ["PyTorchJob"],
        "namespace": "kueue-system",
        "version": "0.14.0",
    }
    assert found.outputs == {"kinds": ["PyTorchJob"], "ready": "kueue-system/kueue"}
    for key in ("mutating", "validating"):
        (child,) = [one for one in found.registrations if one.name == f"kueue-{key}-webhook"]
        needs = {urn.rsplit("::", 1)[-1] for urn in child.options["dependencies"]}
        assert needs == {"kueue-deployment"}


def test_nothing_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "empty"))
    with pytest.raises(TrainstackError, match=r"run: trainstack operators fetch kueue@0\.14"):
        synth(lambda: Kueue("kueue"))
