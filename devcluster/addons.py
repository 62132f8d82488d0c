"""What runs in the cluster from the start: cluster DNS, and rights for the API server."""

from __future__ import annotations

from .api import Manifest
from .images import COREDNS
from .settings import DOMAIN, Settings

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}
DNS_PORT = 1053
# Nothing of the cluster's own is cached: a job's pods look for each other the moment they start.
COREFILE = """\
{domain}:{port} in-addr.arpa:{port} ip6.arpa:{port} {{
    errors
    kubernetes {domain} in-addr.arpa ip6.arpa {{
        pods insecure
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }}
    loadbalance
}}
.:{port} {{
    errors
    health :8080 {{
        lameduck 1s
    }}
    ready :8181
    cache 30
{forward}}}
"""


def addons(settings: Settings, resolvers: str) -> list[Manifest]:
    """Everything that is applied at `up`."""
    return [
        _kubelet_access(),
        *_dns_rights(),
        _dns_config(resolvers),
        _dns_deployment(),
        _dns_service(settings),
    ]


def _object(
    kind: str, version: str, name: str, namespace: str | None, **fields: object
) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, **place},
        **fields,
    }


def _kubelet_access() -> Manifest:
    """Lets the API server ask the kubelet for logs, exec and attach."""
    return _binding(
        "trainstack:apiserver-kubelet",
        "system:kubelet-api-admin",
        {"kind": "User", "name": "kube-apiserver", "apiGroup": "rbac.authorization.k8s.io"},
    )


def _binding(name: str, role: str, subject: dict[str, str]) -> Manifest:
    group = "rbac.authorization.k8s.io"
    return _object(
        "ClusterRoleBinding",
        f"{group}/v1",
        name,
        None,
        roleRef={"apiGroup": group, "kind": "ClusterRole", "name": role},
        subjects=[subject],
    )


def _dns_rights() -> list[Manifest]:
    core = ["endpoints", "services", "pods", "namespaces"]
    watch = ["list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": core, "verbs": watch},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
    ]
    subject = {"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}
    return [
        _object("ServiceAccount", "v1", "coredns", NAMESPACE),
        _object(
            "ClusterRole", "rbac.authorization.k8s.io/v1", "trainstack:coredns", None, rules=rules
        ),
        _binding("trainstack:coredns", "trainstack:coredns", subject),
    ]


def _dns_config(resolvers: str) -> Manifest:
    servers = [line.split()[1] for line in resolvers.splitlines() if line.strip()]
    forward = f"    forward . {' '.join(servers)}\n" if servers else ""
    corefile = COREFILE.format(domain=DOMAIN, port=DNS_PORT, forward=forward)
    return _object("ConfigMap", "v1", "coredns", NAMESPACE, data={"Corefile": corefile})


def _dns_deployment() -> Manifest:
    container = {
        "name": "coredns",
        "image": COREDNS,
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": DNS_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8181},
            "periodSeconds": 1,
            "failureThreshold": 5,
        },
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": 8080},
            "initialDelaySeconds": 60,
            "timeoutSeconds": 5,
            "failureThreshold": 5,
        },
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    return _object(
        "Deployment",
        "apps/v1",
        "coredns",
        NAMESPACE,
        spec={
            "replicas": 1,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    )


def _dns_service(settings: Settings) -> Manifest:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": DNS_PORT},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": DNS_PORT},
    ]
    service = _object(
        "Service",
        "v1",
        "kube-dns",
        NAMESPACE,
        spec={"clusterIP": str(settings.dns_address), "selector": LABELS, "ports": ports},
    )
    service["metadata"]["labels"] = LABELS
    return service
