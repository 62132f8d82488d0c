"""Volumes for claims: folders of the node, emptied by Kubernetes' own recycler when given back."""

from __future__ import annotations

import yaml

from .api import Api, Manifest
from .images import BUSYBOX
from .settings import NODE, Settings
from .state import write_atomically

CLASS = "standard"
COUNT = 32
# Nothing enforces a folder's size, so every volume is as large as any claim may ask for.
CAPACITY = "10Ti"
EMPTY = ["find", "/volume", "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "{}", "+"]
MODES = ["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"]


def write_recycler(settings: Settings) -> None:
    """The pod that empties a volume; the controller fills in which one."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "recycler", "namespace": "kube-system"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "activeDeadlineSeconds": 600,
            "tolerations": [{"operator": "Exists"}],
            "volumes": [{"name": "volume", "hostPath": {"path": "/filled-in-by-the-controller"}}],
            "containers": [
                {
                    "name": "recycler",
                    "image": BUSYBOX,
                    "imagePullPolicy": "Never",
                    "command": EMPTY,
                    "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
                }
            ],
        },
    }
    write_atomically(settings.config / "recycler.yaml", yaml.safe_dump(pod))


def ensure_volumes(settings: Settings, api: Api) -> None:
    """The storage class, and as many volumes as there are folders for."""
    api.apply(_storage_class())
    for number in range(1, COUNT + 1):
        name = f"volume-{number:02}"
        folder = settings.volumes / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)  # Containers that do not run as root write here too.
        api.apply(_volume(name, str(folder)))


def _storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "Immediate",
    }


def _volume(name: str, path: str) -> Manifest:
    on_this_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "storageClassName": CLASS,
            "capacity": {"storage": CAPACITY},
            "accessModes": MODES,
            "persistentVolumeReclaimPolicy": "Recycle",
            "hostPath": {"path": path, "type": "Directory"},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [on_this_node]}]}
            },
        },
    }
