"""Kueue's Deployment."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from .deployment import hardened, probe, seeing_certificate
from .kueue_args import KueueArgs
from .kueue_config import HEALTH_PORT, SECRET, WEBHOOK_PORT

Manifest = dict[str, Any]

NAME = "kueue-controller-manager"
CONFIG = "kueue-manager-config"
CONFIG_FILE = "controller_manager_config.yaml"
SELECTED = {"control-plane": "controller-manager"}
"""Labels by which the Deployment and the Service find the pods."""
_IMAGE = "registry.k8s.io/kueue/kueue"
"""What upstream's releases put in place of the image that the manifests name."""
_CERTIFICATES = "/tmp/k8s-webhook-server/serving-certs"


def render_deployment(
    upstream: Mapping[str, Any], args: KueueArgs, config: str, *, answered: str
) -> Manifest:
    """The Deployment, without labels and namespace.

    `config` is the configuration's text, `answered` a webhook's path that answers when all do.
    """
    deployment = copy.deepcopy(dict(upstream))
    deployment["metadata"] = {"name": NAME}
    spec = deployment["spec"]
    spec["selector"] = {"matchLabels": SELECTED}
    spec["template"]["metadata"] = {
        # A file that changes is not read again.
        "annotations": {"trainstack.dev/config": hashlib.sha256(config.encode()).hexdigest()[:12]},
        "labels": dict(SELECTED),
    }
    pod = spec["template"]["spec"]
    pod["serviceAccountName"] = args.OPERATOR
    pod["volumes"] = [
        {"name": "cert", "secret": {"defaultMode": 420, "secretName": SECRET}},
        {"name": "manager-config", "configMap": {"name": CONFIG}},
    ]
    pod["containers"][0]["image"] = _IMAGE
    return hardened(
        deployment,
        args,
        {
            "args": [f"--config=/{CONFIG_FILE}", "--zap-log-level=2"],
            "lifecycle": seeing_certificate(),
            "livenessProbe": probe("/healthz", HEALTH_PORT, period=20),
            "readinessProbe": probe("/readyz", HEALTH_PORT, period=5),
            # Ready means that its webhooks' server listens; kinds are registered after that.
            "startupProbe": {
                **probe(answered, WEBHOOK_PORT, period=1, scheme="HTTPS"),
                "failureThreshold": 180,
            },
            "volumeMounts": [
                {"mountPath": _CERTIFICATES, "name": "cert", "readOnly": True},
                {
                    "mountPath": f"/{CONFIG_FILE}",
                    "name": "manager-config",
                    "subPath": CONFIG_FILE,
                },
            ],
        },
    )
