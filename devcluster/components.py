"""The components: what runs, with which arguments, and how its health is asked for."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .certs import Pki
from .programs import Programs
from .settings import DOMAIN, NODE, Port, Settings
from .toolchain import Toolchain


@dataclass(frozen=True)
class Component:
    """One process of the cluster; `files` are what it reads only when it starts."""

    name: str
    argv: tuple[str, ...]
    files: tuple[Path, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Changes whenever the process would have to be started anew."""
        digest = hashlib.sha256("\0".join(self.argv).encode())
        for file in self.files:
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]


def components(
    settings: Settings, pki: Pki, programs: Programs, tools: Toolchain
) -> tuple[Component, ...]:
    """Every component, in the order in which they are started."""
    return (
        containerd(settings, programs),
        etcd(settings, pki, tools),
        apiserver(settings, pki, tools),
        controller_manager(settings, pki, tools),
        scheduler(settings, pki, tools),
        kubelet(settings, pki, tools),
        proxy(settings, tools),
        provisioner(settings, pki),
    )


def containerd(settings: Settings, programs: Programs) -> Component:
    """The container runtime."""
    config = settings.config / "containerd.toml"
    return Component(
        "containerd",
        (str(programs.find("containerd")), "--config", str(config)),
        (config, settings.config / "cni/10-bridge.conflist"),
    )


def etcd(settings: Settings, pki: Pki, tools: Toolchain) -> Component:
    """The store, for loopback and holders of its own authority's certificates only."""
    client, peer = f"https://127.0.0.1:{Port.ETCD:d}", f"https://127.0.0.1:{Port.ETCD_PEER:d}"
    certificate, key, authority = pki.cert("etcd"), pki.key("etcd"), pki.cert("etcd-ca")
    arguments = {
        "name": NODE,
        "data-dir": settings.folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"{NODE}={peer}",
        "client-cert-auth": "true",
        "cert-file": certificate,
        "key-file": key,
        "trusted-ca-file": authority,
        "peer-client-cert-auth": "true",
        "peer-cert-file": certificate,
        "peer-key-file": key,
        "peer-trusted-ca-file": authority,
        "logger": "zap",
        "log-level": "warn",
    }
    return Component(
        "etcd",
        (str(tools.binary("etcd")), *_flags(arguments)),
        (certificate, authority),
    )


def apiserver(settings: Settings, pki: Pki, tools: Toolchain) -> Component:
    """The API server, on the node address only."""
    arguments = {
        "advertise-address": settings.node_address,
        "bind-address": settings.node_address,
        "secure-port": int(Port.APISERVER),
        "etcd-servers": f"https://127.0.0.1:{Port.ETCD:d}",
        "etcd-cafile": pki.cert("etcd-ca"),
        "etcd-certfile": pki.cert("etcd-client"),
        "etcd-keyfile": pki.key("etcd-client"),
        "client-ca-file": pki.cert("ca"),
        "tls-cert-file": pki.cert("apiserver"),
        "tls-private-key-file": pki.key("apiserver"),
        "kubelet-certificate-authority": pki.cert("ca"),
        "kubelet-client-certificate": pki.cert("apiserver"),
        "kubelet-client-key": pki.key("apiserver"),
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": f"https://kubernetes.default.svc.{DOMAIN}",
        "service-account-key-file": pki.service_account_public_key,
        "service-account-signing-key-file": pki.key("service-account"),
        "service-cluster-ip-range": settings.service_network,
        "anonymous-auth": "false",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "profiling": "false",
    }
    return Component(
        "apiserver",
        (str(tools.binary("kube-apiserver")), *_flags(arguments)),
        (
            pki.cert("ca"),
            pki.cert("apiserver"),
            pki.cert("etcd-client"),
            pki.service_account_public_key,
        ),
    )


def controller_manager(settings: Settings, pki: Pki, tools: Toolchain) -> Component:
    """The controllers."""
    arguments = {
        **_controller(settings, pki, "controller-manager", Port.CONTROLLER_MANAGER),
        "root-ca-file": pki.cert("ca"),
        "service-account-private-key-file": pki.key("service-account"),
        "use-service-account-credentials": "true",
        "cluster-signing-cert-file": pki.cert("ca"),
        "cluster-signing-key-file": pki.key("ca"),
    }
    return Component(
        "controller-manager",
        (str(tools.binary("kube-controller-manager")), *_flags(arguments)),
        (
            settings.config / "controller-manager.kubeconfig",
            pki.cert("ca"),
        ),
    )


def scheduler(settings: Settings, pki: Pki, tools: Toolchain) -> Component:
    """The scheduler."""
    arguments = _controller(settings, pki, "scheduler", Port.SCHEDULER)
    return Component(
        "scheduler",
        (str(tools.binary("kube-scheduler")), *_flags(arguments)),
        (settings.config / "scheduler.kubeconfig", pki.cert("ca")),
    )


def kubelet(settings: Settings, pki: Pki, tools: Toolchain) -> Component:
    """The node's agent."""
    config = settings.config / "kubelet.yaml"
    credentials = settings.config / "kubelet.kubeconfig"
    arguments = {
        "config": config,
        "kubeconfig": credentials,
        "hostname-override": NODE,
        "node-ip": settings.node_address,
    }
    return Component(
        "kubelet",
        (str(tools.binary("kubelet")), *_flags(arguments)),
        (config, credentials, settings.config / "resolv.conf", pki.cert("ca")),
    )


def proxy(settings: Settings, tools: Toolchain) -> Component:
    """Service addresses."""
    config = settings.config / "proxy.yaml"
    return Component(
        "proxy",
        (str(tools.binary("kube-proxy")), *_flags({"config": config})),
        (config, settings.config / "proxy.kubeconfig"),
    )


def provisioner(settings: Settings, pki: Pki) -> Component:
    """Volumes for claims; our own program, run by the Python that runs this."""
    here = Path(__file__).parent
    command = ("env", f"PYTHONPATH={here.parent}", sys.executable, "-m", "devcluster.provisioner")
    return Component(
        "provisioner",
        (*command, str(settings.folder), str(settings.network)),
        (here / "provisioner.py", here / "storage.py", pki.cert("ca"), pki.cert("provisioner")),
    )


def _controller(settings: Settings, pki: Pki, name: str, port: Port) -> dict[str, object]:
    credentials = settings.config / f"{name}.kubeconfig"
    return {
        "bind-address": "127.0.0.1",
        "secure-port": int(port),
        "kubeconfig": credentials,
        "authentication-kubeconfig": credentials,
        "authorization-kubeconfig": credentials,
        "client-ca-file": pki.cert("ca"),
        "tls-cert-file": pki.cert(name),
        "tls-private-key-file": pki.key(name),
        "leader-elect": "false",
        "kube-api-qps": 100,
        "kube-api-burst": 200,
        "profiling": "false",
    }


def _flags(arguments: dict[str, object]) -> Iterable[str]:
    return (f"--{name}={value}" for name, value in arguments.items())
