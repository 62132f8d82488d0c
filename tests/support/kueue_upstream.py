"""An invented release of Kueue in the shape of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.support.upstream import rule
from trainstack.operators.release import Release, digest, find_release

Manifest = dict[str, Any]
ALL = ("create", "delete", "get", "list", "patch", "update", "watch")
KINDS = ("appwrapper", "job", "mpijob", "pod", "pytorchjob", "tfjob", "clusterqueue", "workload")
OWN = ("clusterqueue", "workload")
RULES = [
    rule("", "events", "create", "patch", "update", "watch"),
    rule("", "pods", "delete", "get", "list", "patch", "update", "watch"),
    rule("", "secrets", "get", "list", "update", "watch"),
    rule("", "podtemplates", "create", "delete", "get", "list", "update", "watch"),
    {
        "apiGroups": [""],
        "resources": ["limitranges", "namespaces", "nodes"],
        "verbs": ["get", "list", "watch"],
    },
    rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", *ALL),
    rule("apps", "deployments", "get", "list", "watch"),
    rule("batch", "jobs", "delete", "get", "list", "patch", "update", "watch"),
    rule("batch", "jobs/finalizers", "get", "patch", "update"),
    rule("batch", "jobs/status", "get", "patch", "update"),
    *(
        rule("kubeflow.org", f"{name}{part}", *ALL)
        for name in ("jaxjobs", "mpijobs", "pytorchjobs", "tfjobs")
        for part in ("", "/finalizers", "/status")
    ),
    *(
        rule("kueue.x-k8s.io", f"{name}{part}", *ALL)
        for name in ("clusterqueues", "multikueueclusters", "workloads")
        for part in ("", "/finalizers", "/status")
    ),
]


def crd(plural: str) -> Manifest:
    """A definition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kueue.x-k8s.io"},
        "spec": {"names": {"plural": plural}, "versions": [{"name": "v1beta1"}]},
    }


def webhooks(kind: str, verb: str, operations: list[str]) -> Manifest:
    """A configuration with a webhook for each kind, named by the verb's first letter."""
    entries = [
        {
            "clientConfig": {
                "service": {
                    "name": "webhook-service",
                    "namespace": "system",
                    "path": f"/{verb}-{k}",
                }
            },
            "name": f"{verb[0]}{k}.kb.io",
            "rules": [
                {
                    "apiGroups": ["kueue.x-k8s.io" if k in OWN else "others.example"],
                    "operations": operations,
                    "resources": [f"{k}s"],
                }
            ],
        }
        for k in KINDS
    ]
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "generated"},
        "webhooks": entries,
    }


def documents() -> dict[str, list[Manifest]]:
    """File to documents, as in the release."""
    container = {"command": ["/manager"], "image": "controller:latest", "name": "manager"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "controller-manager", "namespace": "system"},
        "spec": {
            "replicas": 1,
            "template": {
                "metadata": {"annotations": {"made-by": "upstream"}},
                "spec": {"containers": [container], "serviceAccountName": "controller-manager"},
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "webhook-service", "namespace": "system"},
        "spec": {"ports": [{"port": 443, "targetPort": 9443}]},
    }
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": RULES}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "system"}}
    return {
        **{
            name: [crd(name.removesuffix(".yaml").rpartition("_")[2])]
            for name in find_release("kueue").files
            if name.startswith("crd/")
        },
        "manager/manager.yaml": [namespace, deployment],
        "rbac/role.yaml": [role],
        "webhook/manifests.yaml": [
            webhooks("MutatingWebhookConfiguration", "mutate", ["CREATE"]),
            webhooks("ValidatingWebhookConfiguration", "validate", ["CREATE", "UPDATE"]),
        ],
        "webhook/service.yaml": [service],
    }


def _text(found: Iterable[Manifest]) -> bytes:
    return "\n---\n".join(map(json.dumps, found)).encode()


def files() -> dict[str, bytes]:
    """File to content; JSON is YAML."""
    return {name: _text(found) for name, found in documents().items()}


RELEASE: Release = replace(
    find_release("kueue"),
    address="unset",
    module="example.invalid/none@v0",
    digest=digest(files()),
)
