"""An invented release of the mpi-operator in the shape of the real one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.support.upstream import crd, rule
from trainstack.operators.release import Release, digest, find_release

ALL = "*"
RULES = [
    rule("", "configmaps", "create", "list", "watch", "update"),
    rule("", "events", "create", "patch"),
    rule("", "pods", "create", "get", "list", "watch", "delete", "update", "patch"),
    rule("", "pods/exec", "create"),
    rule("", "secrets", "create", "list", "watch", "update"),
    rule("", "services", "create", "list", "watch", "update"),
    rule("batch", "jobs", "create", "list", "update", "watch"),
    rule("apiextensions.k8s.io", "customresourcedefinitions", "create", "get"),
    *(rule("kubeflow.org", f"mpijobs{part}", ALL) for part in ("", "/finalizers", "/status")),
    rule("coordination.k8s.io", "leases", ALL),
    rule("scheduling.volcano.sh", "podgroups", ALL),
    rule("scheduling.x-k8s.io", "podgroups", ALL),
]


def documents() -> dict[str, dict[str, Any]]:
    """File to document, as in the release."""
    name = {"name": "mpi-operator", "labels": {"app": "mpi-operator"}}
    container = {
        "args": ["-alsologtostderr"],
        "image": "registry.example/mpi:latest",
        "name": "mpi-operator",
    }
    pod = {
        "metadata": {"labels": {"app": "mpi-operator"}},
        "spec": {"containers": [container], "serviceAccountName": "mpi-operator"},
    }
    return {
        "cluster-role.yaml": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": name,
            "rules": RULES,
        },
        "deployment.yaml": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "mpi-operator"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "mpi-operator"}},
                "template": pod,
            },
        },
        "kubeflow.org_mpijobs.yaml": crd("MPIJob"),
        "service-account.yaml": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": name,
        },
    }


def files() -> dict[str, bytes]:
    """File to content; JSON is YAML."""
    return {name: json.dumps(document).encode() for name, document in documents().items()}


RELEASE: Release = replace(
    find_release("mpi-operator"),
    address="unset",
    module="example.invalid/none@v0",
    digest=digest(files()),
)
