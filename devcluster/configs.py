"""Configuration files of the components."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import yaml

from .certs import Pki
from .images import PAUSE
from .programs import Programs
from .settings import BRIDGE, DOMAIN, NAME, NODE, Port, Settings
from .state import write_atomically

CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
stream_server_address = "127.0.0.1"
stream_server_port = "{streaming}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{cni}"
conf_dir = "{config}/cni"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{runc}"
SystemdCgroup = false
"""


def write_configs(settings: Settings, pki: Pki, programs: Programs) -> None:
    """Write every configuration file."""
    files = {
        "kubelet.yaml": yaml.safe_dump(kubelet(settings, pki)),
        "proxy.yaml": yaml.safe_dump(proxy(settings)),
        "containerd.toml": containerd(settings, programs),
        "cni/10-bridge.conflist": json.dumps(cni(settings), indent=2),
    }
    for name, text in files.items():
        write_atomically(settings.config / name, text)
    for name in ("controller-manager", "scheduler", "kubelet", "proxy"):
        write_atomically(settings.config / f"{name}.kubeconfig", kubeconfig(settings, pki, name))
    write_atomically(settings.kubeconfig, kubeconfig(settings, pki, "admin"))


def kubeconfig(settings: Settings, pki: Pki, name: str) -> str:
    """A kubeconfig with everything in it."""
    cluster = {
        "server": settings.server,
        "certificate-authority-data": _embedded(pki.cert("ca")),
    }
    user = {
        "client-certificate-data": _embedded(pki.cert(name)),
        "client-key-data": _embedded(pki.key(name)),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": name}}],
        "current-context": NAME,
    }
    return yaml.safe_dump(document, sort_keys=False)


def kubelet(settings: Settings, pki: Pki) -> dict[str, Any]:
    """KubeletConfiguration."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": str(settings.node_address),
        "port": int(Port.KUBELET),
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": int(Port.KUBELET_HEALTH),
        "tlsCertFile": str(pki.cert("kubelet")),
        "tlsPrivateKeyFile": str(pki.key("kubelet")),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.cert("ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{NAME}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "clusterDNS": [str(settings.dns_address)],
        "clusterDomain": DOMAIN,
        "resolvConf": str(settings.config / "resolv.conf"),
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        "podLogsDir": str(settings.folder / "pod-logs"),
        "volumePluginDir": str(settings.folder / "kubelet/volume-plugins"),
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 2,
        "enableSystemLogHandler": False,
        # No registry brings an image back, so none is ever thrown away.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
    }


def proxy(settings: Settings) -> dict[str, Any]:
    """KubeProxyConfiguration; it leaves the machine's connection tracking as it is."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(settings.config / "proxy.kubeconfig")},
        "hostnameOverride": NODE,
        "bindAddress": str(settings.node_address),
        "healthzBindAddress": f"127.0.0.1:{Port.PROXY_HEALTH:d}",
        "metricsBindAddress": f"127.0.0.1:{Port.PROXY_METRICS:d}",
        "mode": "iptables",
        "clusterCIDR": str(settings.pod_network),
        "detectLocalMode": "ClusterCIDR",
        "nodePortAddresses": [f"{settings.node_address}/32"],
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "200ms"},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def containerd(settings: Settings, programs: Programs) -> str:
    """containerd's configuration, in the version that 1.6 to 2.x read."""
    return CONTAINERD.format(
        folder=settings.folder,
        config=settings.config,
        streaming=int(Port.CONTAINER_STREAMING),
        pause=PAUSE,
        cni=programs.cni,
        runc=programs.find("runc"),
    )


def cni(settings: Settings) -> dict[str, Any]:
    """The pods' network: one bridge; masquerading is the firewall's, in one rule for all."""
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": str(settings.pod_network)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(settings.run / "addresses"),
        },
    }
    return {"cniVersion": "1.0.0", "name": NAME, "plugins": [bridge]}


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
