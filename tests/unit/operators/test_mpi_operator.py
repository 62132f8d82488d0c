"""The mpi-operator: arguments, whole manifests, what it may do, and what is registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.support import mpi_upstream
from tests.support.upstream import write_release
from trainstack import TrainstackError
from trainstack.operators import MPIOperator, MPIOperatorArgs, release
from trainstack.operators.fetch import fetch
from trainstack.operators.mpi_render import read_mpi_upstream, render_mpi_operator
from trainstack.spec.model import parse
from trainstack.testing import synth

LABELS = {
    "app.kubernetes.io/managed-by": "trainstack",
    "app.kubernetes.io/name": "mpi-operator",
    "app.kubernetes.io/version": "0.8.2",
}
RBAC = "rbac.authorization.k8s.io"
KEPT = ["create", "list", "update", "watch"]
READ = ["get", "list", "watch"]
JOBS = {
    "/configmaps": KEPT,
    "/events": ["create", "patch"],
    "/pods": ["create", "delete", "get", "list", "watch"],
    "/secrets": KEPT,
    "/services": KEPT,
    "batch/jobs": KEPT,
    "kubeflow.org/mpijobs": READ,
    "kubeflow.org/mpijobs/finalizers": ["update"],
    "kubeflow.org/mpijobs/status": ["update"],
}
CLASSES = {"scheduling.k8s.io/priorityclasses": READ}


@pytest.fixture(autouse=True)
def fetched(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "RELEASES", (mpi_upstream.RELEASE,))
    origin = write_release(tmp_path / "origin", mpi_upstream.RELEASE, mpi_upstream.files())
    fetch(mpi_upstream.RELEASE, origin)


def render(**said: Any) -> dict[str, dict[str, Any]]:
    args = MPIOperatorArgs.model_validate(said)
    return render_mpi_operator(args, read_mpi_upstream(args))


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
        ({"threads": 0}, "threads: got 0"),
        ({"cluster_domain": "Cluster Local"}, "cluster_domain: got 'Cluster Local'"),
        ({"version": "9"}, "version: unknown operator release 'mpi-operator@9'; known: "),
        ({"kinds": ["MPIJob"]}, "kinds: unknown field"),
        ({"init_container_image": "a"}, "init_container_image: unknown field"),
        ({"qps": 50}, "burst: got 30, less than qps (50)"),
        ({"labels": {"app": "x"}}, "labels: 'app' is how the operator's pods are found"),
    ],
)
def test_mistakes(args: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as told:
        parse(MPIOperatorArgs, args, "MPIOperator 'x'")
    assert str(told.value).startswith(f"MPIOperator 'x': {message}")


def test_which_objects() -> None:
    usual = [
        "mpijobs-crd",
        "service-account",
        "cluster-role",
        "cluster-role-binding",
        "role",
        "role-binding",
        "deployment",
    ]
    assert list(render()) == ["namespace", *usual]
    some = render(create_namespace=False, watch_namespace="team")
    assert sorted(some) == sorted([*usual, "jobs-role", "jobs-role-binding"])


def test_deployment() -> None:
    assert render()["deployment"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "mpi-operator", "namespace": "mpi-operator", "labels": LABELS},
        "spec": {
            "minReadySeconds": 2,
            "replicas": 1,
            "selector": {"matchLabels": {"app": "mpi-operator"}},
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"labels": {"app": "mpi-operator", **LABELS}},
                "spec": {
                    "containers": [
                        {
                            "args": [
                                "-alsologtostderr",
                                "-lock-namespace=mpi-operator",
                                "-kube-api-qps=20",
                                "-kube-api-burst=30",
                                "-threadiness=2",
                            ],
                            "image": "registry.example/mpi:0.8.2",
                            "imagePullPolicy": "IfNotPresent",
                            "livenessProbe": {
                                "httpGet": {"path": "/healthz", "port": 8080},
                                "periodSeconds": 10,
                                "timeoutSeconds": 3,
                            },
                            "name": "mpi-operator",
                            "readinessProbe": {
                                "httpGet": {"path": "/healthz", "port": 8080},
                                "periodSeconds": 2,
                                "timeoutSeconds": 3,
                            },
                            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                        }
                    ],
                    "securityContext": {
                        "runAsGroup": 65532,
                        "runAsNonRoot": True,
                        "runAsUser": 65532,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "serviceAccountName": "mpi-operator",
                },
            },
        },
    }


def test_flags() -> None:
    said = render(
        namespace="ops",
        qps=5,
        burst=6,
        threads=8,
        watch_namespace="team",
        gang_scheduler_name="volcano",
        cluster_domain="cluster.local",
    )
    (container,) = said["deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "-alsologtostderr",
        "-lock-namespace=ops",
        "-kube-api-qps=5",
        "-kube-api-burst=6",
        "-threadiness=8",
        "-namespace=team",
        "-gang-scheduling=volcano",
        "-cluster-domain=cluster.local",
    ]


def test_access_everywhere() -> None:
    made = render(namespace="ops")
    assert rules(made["cluster-role"]) == {**JOBS, **CLASSES}
    assert rules(made["role"]) == {
        "/events": ["create", "patch"],
        "coordination.k8s.io/leases": ["create"],
        "coordination.k8s.io/leases/mpi-operator": ["get", "update"],
    }
    account = {"kind": "ServiceAccount", "name": "mpi-operator", "namespace": "ops"}
    assert made["role-binding"] == {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "mpi-operator", "namespace": "ops", "labels": LABELS},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "mpi-operator"},
        "subjects": [account],
    }


def test_access_to_one_namespace() -> None:
    made = render(watch_namespace="team")
    assert rules(made["jobs-role"]) == JOBS
    assert made["jobs-role"]["metadata"]["namespace"] == "team"
    assert rules(made["cluster-role"]) == CLASSES


@pytest.mark.parametrize(
    ("scheduler", "group"),
    [("volcano", "scheduling.volcano.sh"), ("my-scheduler", "scheduling.x-k8s.io")],
)
def test_gangs(scheduler: str, group: str) -> None:
    more = rules(render(gang_scheduler_name=scheduler)["cluster-role"]).keys() - JOBS.keys()
    assert more == {f"{group}/podgroups", *CLASSES}


def test_summary_outputs_and_order() -> None:
    def program() -> None:
        operator = MPIOperator("mpi", {"replicas": 2})
        pulumi.export("ready", operator.ready)
        pulumi.export("namespace", operator.namespace)

    found = synth(program)
    assert found.one("MPIOperator").inputs == {
        "image": "registry.example/mpi:0.8.2",
        "namespace": "mpi-operator",
        "replicas": 2,
        "version": "0.8.2",
    }
    assert found.outputs == {"namespace": "mpi-operator", "ready": "mpi-operator/mpi-operator"}
    needs = found.one("kubernetes:apps/v1:Deployment").options["dependencies"]
    assert {urn.rsplit("::", 1)[-1] for urn in needs} == {
        f"mpi-{key}" for key in render() if key != "deployment"
    }


def test_nothing_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "empty"))
    with pytest.raises(TrainstackError, match=r"run: trainstack operators fetch mpi-operator@0\.8"):
        synth(lambda: MPIOperator("mpi"))
