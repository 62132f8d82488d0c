"""The default storage class, and what its provisioner may do."""

from __future__ import annotations

from typing import Any

from .api import Manifest
from .certs import PROVISIONER_USER as USER
from .settings import NODE

CLASS = "standard"
PROVISIONER = "trainstack.dev/folder"
RBAC = "rbac.authorization.k8s.io"


def storage() -> list[Manifest]:
    """Everything that is applied at `up`."""
    metadata = {"name": USER}
    watch = ["get", "list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": watch},
        {
            "apiGroups": [""],
            "resources": ["persistentvolumes"],
            "verbs": [*watch, "create", "delete"],
        },
    ]
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": rules,
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": USER},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": USER}],
        },
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": CLASS,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": PROVISIONER,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        },
    ]


def volume_of(claim: Manifest, name: str, path: str) -> Manifest:
    """The volume for a claim; nothing enforces its size."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    owner: dict[str, Any] = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "storageClassName": CLASS,
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": path, "type": "Directory"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": owner["namespace"],
                "name": owner["name"],
                "uid": owner["uid"],
            },
        },
    }
