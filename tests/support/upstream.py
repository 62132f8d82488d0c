"""An invented release in the shape of the real one, so that these tests need no download."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainstack.operators.release import RELEASES, Release, digest
from trainstack.operators.training_args import KINDS

Manifest = dict[str, Any]


def crd(kind: str) -> Manifest:
    """A definition with prose, and with a property that is called like the prose."""
    plural = f"{kind.lower()}s"
    properties = {"description": {"description": "Prose.", "type": "string"}}
    schema = {"description": "Prose.", "properties": properties, "type": "object"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kubeflow.org", "annotations": {"made-by": "upstream"}},
        "spec": {
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}],
        },
    }


def webhook(kind: str) -> Manifest:
    return {
        "clientConfig": {"service": {"name": "x", "namespace": "y", "path": f"/{kind.lower()}"}},
        "name": f"{kind.lower()}.example",
        "rules": [{"resources": [f"{kind.lower()}s"]}],
    }


def rule(group: str, resource: str, *verbs: str) -> Manifest:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


ALL = ("create", "delete", "get", "list", "patch", "update", "watch")
RULES = [
    rule("", "configmaps", *ALL),
    rule("", "events", *ALL),
    rule("", "pods", *ALL),
    rule("", "pods/exec", "create"),
    rule("", "secrets", *ALL),
    rule("", "serviceaccounts", *ALL),
    rule("", "services", "create", "delete", "get", "list", "watch"),
    rule("autoscaling", "horizontalpodautoscalers", *ALL),
    *(
        rule("kubeflow.org", f"{kind.lower()}s{part}", *ALL)
        for kind in (*KINDS, "MPIJob")
        for part in ("", "/finalizers", "/status")
    ),
    rule("rbac.authorization.k8s.io", "roles", *ALL),
    rule("scheduling.volcano.sh", "podgroups", *ALL),
    rule("scheduling.x-k8s.io", "podgroups", *ALL),
]


def documents() -> dict[str, Manifest]:
    """File to document, as in the release."""
    name = {"name": "training-operator", "labels": {"app": "upstream"}}
    container = {
        "command": ["/manager"],
        "image": "registry.example/operator",
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8081}},
        "name": "training-operator",
        "volumeMounts": [{"mountPath": "/certs", "name": "cert", "readOnly": True}],
    }
    pod = {
        "metadata": {"labels": {"control-plane": "it"}},
        "spec": {"containers": [container], "serviceAccountName": "training-operator"},
    }
    return {
        **{f"crds/kubeflow.org_{kind.lower()}s.yaml": crd(kind) for kind in KINDS},
        "deployment.yaml": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "training-operator", "labels": {"control-plane": "it"}},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"control-plane": "it"}},
                "template": pod,
            },
        },
        "rbac/cluster-role-binding.yaml": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": name,
        },
        "rbac/role.yaml": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": name,
            "rules": RULES,
        },
        "rbac/service-account.yaml": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": name,
        },
        "service.yaml": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": name,
            "spec": {"selector": {"control-plane": "it"}},
        },
        "webhook/manifests.yaml": {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "generated"},
            "webhooks": [webhook(kind) for kind in sorted(KINDS)],
        },
    }


def files() -> dict[str, bytes]:
    """File to content; JSON is YAML."""
    return {
        name: b"---\n" + json.dumps(document).encode() + b"\n"
        for name, document in documents().items()
    }


RELEASE: Release = replace(
    RELEASES[0], address="unset", module="example.invalid/none@v0", digest=digest(files())
)


def write_folder(root: Path) -> Path:
    """The release as an unpacked source tree."""
    return write_release(root, RELEASE, files())


def write_release(root: Path, release: Release, content: Mapping[str, bytes]) -> Path:
    """Files of a release as an unpacked source tree."""
    for name, text in content.items():
        file = root / release.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
    return root


def write_tar(file: Path) -> Path:
    """The release as a source archive, among other things."""
    with tarfile.open(file, "w:gz") as tar:
        for name, content in {"README.md": b"read me", **_rooted()}.items():
            member = tarfile.TarInfo(f"training-operator-1.9.4/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def write_zip(file: Path) -> Path:
    """The release as a module archive."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in _rooted().items():
            archive.writestr(f"example.com/training-operator@v1.9.4/{name}", content)
    return file


def _rooted() -> dict[str, bytes]:
    return {f"{RELEASE.folder}/{name}": content for name, content in files().items()}
