"""From arguments to the objects of what runs on nodes."""

from __future__ import annotations

from typing import Any

from .args import DcgmExporterArgs, EfaDevicePluginArgs, NvidiaDevicePluginArgs
from .daemon_set import Manifest, daemon_set, metadata, selector

NVIDIA, EFA, DCGM = "nvidia-device-plugin", "aws-efa-k8s-device-plugin", "dcgm-exporter"
METRICS_PORT = 9400
_PLUGINS = "/var/lib/kubelet/device-plugins"
"""Where device plugins register with the kubelet."""
_POD_RESOURCES = "/var/lib/kubelet/pod-resources"
"""Where the kubelet tells which pod has which device."""
_CARDS = "/dev/infiniband"
_UNPRIVILEGED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def render_nvidia_device_plugin(args: NvidiaDevicePluginArgs, name: str) -> dict[str, Manifest]:
    """As the chart of NVIDIA/k8s-device-plugin, on the nodes of the pools only.

    It ends, and is started again, until the driver is there: what is ready offers GPUs.
    """
    env = [{"name": "MIG_STRATEGY", "value": args.mig_strategy}]
    security: dict[str, Any] = _UNPRIVILEGED
    if args.mig_strategy != "none":
        env.append({"name": "NVIDIA_MIG_MONITOR_DEVICES", "value": "all"})
        security = {"capabilities": {"add": ["SYS_ADMIN"]}}
    container = {
        "env": env,
        "securityContext": security,
        "volumeMounts": [{"mountPath": _PLUGINS, "name": "device-plugins"}],
    }
    return {
        "daemon-set": daemon_set(args, name, NVIDIA, container, {"device-plugins": _PLUGINS}),
    }


def render_efa_device_plugin(args: EfaDevicePluginArgs, name: str) -> dict[str, Manifest]:
    """As stable/aws-efa-k8s-device-plugin of aws/eks-charts, on the nodes of the pools only."""
    container = {
        "securityContext": {
            "allowPrivilegeEscalation": True,
            "privileged": True,
            "runAsNonRoot": False,
            "runAsUser": 0,
        },
        "volumeMounts": [
            {"mountPath": _PLUGINS, "name": "device-plugins"},
            {"mountPath": _CARDS, "name": "infiniband"},
        ],
    }
    volumes = {"device-plugins": _PLUGINS, "infiniband": _CARDS}
    pod = {"automountServiceAccountToken": False, "hostNetwork": True}
    return {"daemon-set": daemon_set(args, name, EFA, container, volumes, **pod)}


def render_dcgm_exporter(args: DcgmExporterArgs, name: str) -> dict[str, Manifest]:
    """As the chart of NVIDIA/dcgm-exporter, on the nodes of the pools only."""
    found = {"daemon-set": _exporter(args, name), "service": _service(args, name)}
    if args.monitor:
        found["service-monitor"] = _monitor(args, name)
    return found


def _exporter(args: DcgmExporterArgs, name: str) -> Manifest:
    healthy = {
        "httpGet": {"path": "/health", "port": METRICS_PORT},
        "initialDelaySeconds": 45,
    }
    container = {
        "env": [
            {"name": "DCGM_EXPORTER_KUBERNETES", "value": "true"},
            {"name": "DCGM_EXPORTER_LISTEN", "value": f":{METRICS_PORT}"},
            {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        "livenessProbe": {**healthy, "periodSeconds": 5},
        "ports": [{"containerPort": METRICS_PORT, "name": "metrics", "protocol": "TCP"}],
        "readinessProbe": healthy,
        "securityContext": {
            # For metrics of the GPUs' profiling counters.
            "capabilities": {"add": ["SYS_ADMIN"]},
            "runAsNonRoot": False,
            "runAsUser": 0,
        },
        "volumeMounts": [
            {"mountPath": _POD_RESOURCES, "name": "pod-resources", "readOnly": True},
        ],
    }
    return daemon_set(args, name, DCGM, container, {"pod-resources": _POD_RESOURCES})


def _service(args: DcgmExporterArgs, name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        # A pool without nodes for now has nothing behind it.
        "metadata": {
            **metadata(args, name, DCGM),
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "ports": [
                {
                    "name": "metrics",
                    "port": METRICS_PORT,
                    "protocol": "TCP",
                    "targetPort": "metrics",
                }
            ],
            "selector": selector(name, DCGM),
            "type": "ClusterIP",
        },
    }


def _monitor(args: DcgmExporterArgs, name: str) -> Manifest:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(args, name, DCGM),
        "spec": {
            "endpoints": [{"path": "/metrics", "port": "metrics"}],
            "selector": {"matchLabels": selector(name, DCGM)},
        },
    }
