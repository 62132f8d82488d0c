"""From arguments to a Deployment and its Service."""

from __future__ import annotations

from typing import Any

from pulumi import Output

from ..spec.env import to_kube
from ..spec.image import reference
from ..spec.inputs import text
from ..spec.mounts import Mount, volume_mounts, volumes
from ..spec.overlay import laid_over
from ..spec.resources import requirements
from .args import LogFolder, TensorBoardArgs

Manifest = dict[str, Any]

PORT = 6006
LOG_DIR = "/mnt/logs"
_TEMPORARY = Mount(path="/tmp", empty_dir=True)


def render_tensorboard(args: TensorBoardArgs, name: str) -> tuple[Manifest, Manifest]:
    """The Deployment and the Service."""
    labels = {
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "trainstack",
        "app.kubernetes.io/name": "tensorboard",
    }
    metadata = {"labels": labels, "name": name, "namespace": args.namespace}
    selector = {key: labels[key] for key in labels if not key.endswith("managed-by")}
    template = laid_over(
        {"metadata": {"labels": labels}, "spec": _pod(args, name)}, args.pod_overlay
    )
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": selector},
            # A claim that one node may mount has to be free before the next pod starts.
            "strategy": {"type": "Recreate"},
            "template": template,
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
            "selector": selector,
            "type": "ClusterIP",
        },
    }
    return deployment, service


def _folder(logs: LogFolder) -> str | Output[str]:
    """A folder in a volume may be made later, so it is not what is mounted."""
    if logs.url is not None:
        return logs.url
    return f"{LOG_DIR}/{logs.sub_path}".rstrip("/") if logs.sub_path else LOG_DIR


def _pod(args: TensorBoardArgs, name: str) -> Manifest:
    logs = args.logs
    mounts = [_TEMPORARY]
    if logs.pvc is not None:
        mounts.append(Mount(path=LOG_DIR, pvc=logs.pvc, read_only=True))
    env = {"AWS_DEFAULT_REGION": logs.region, "S3_ENDPOINT": logs.endpoint}
    said = {key: value for key, value in env.items() if value is not None} | args.env
    container: Manifest = {
        "args": [
            text("--logdir=", _folder(logs)),
            "--host=0.0.0.0",
            f"--port={PORT}",
            f"--reload_interval={args.reload_interval}",
            f"--window_title={name}",
        ],
        "command": ["tensorboard"],
        "image": reference(args.image),
        "name": "tensorboard",
        "ports": [{"containerPort": PORT, "name": "http", "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": "/data/environment", "port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
        },
        "resources": requirements(args.requests, args.limits),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": volume_mounts(mounts),
    }
    if variables := to_kube(said, args.secrets):
        container["env"] = variables
    pod = {
        "automountServiceAccountToken": False,
        "containers": [container],
        "enableServiceLinks": False,
        "imagePullSecrets": [{"name": secret} for secret in args.image_pull_secrets],
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "serviceAccountName": args.service_account,
        "volumes": volumes(mounts),
    }
    return {key: value for key, value in pod.items() if value not in (None, [])}
