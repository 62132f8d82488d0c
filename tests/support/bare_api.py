"""A real API server with etcd and nothing else: no nodes, no controllers, no webhooks."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devcluster.toolchain import Toolchain
from tests.support.processes import Processes, flags, free_ports

_TOKEN = "test"
_PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class BareApi:
    """What others need to join it."""

    processes: Processes
    tools: Toolchain

    @property
    def folder(self) -> Path:
        """Where all of it is."""
        return self.processes.folder

    @property
    def kubeconfig(self) -> Path:
        """An administrator's, with everything in it."""
        return self.folder / "kubeconfig"

    @property
    def key(self) -> Path:
        """What signs the tokens of service accounts."""
        return self.folder / "service-account.key"

    @property
    def certificate(self) -> Path:
        """The server's own, which nobody else has signed."""
        return self.folder / "certificates/apiserver.crt"


@contextmanager
def bare_api(tools: Toolchain, folder: Path) -> Iterator[Path]:
    """The kubeconfig of one that lives as long as the block."""
    with Processes(folder) as processes:
        yield start_api(processes, tools).kubeconfig


def start_api(processes: Processes, tools: Toolchain) -> BareApi:
    """One that lives as long as the processes, ready."""
    api = BareApi(processes, tools)
    store, peer, secure = free_ports(3)
    api.key.write_bytes(_private_key())
    tokens = api.folder / "tokens.csv"
    tokens.write_text(f"{_TOKEN},admin,admin,system:masters\n")
    etcd = {
        "data-dir": api.folder / "etcd",
        "listen-client-urls": f"http://127.0.0.1:{store}",
        "advertise-client-urls": f"http://127.0.0.1:{store}",
        "listen-peer-urls": f"http://127.0.0.1:{peer}",
        "unsafe-no-fsync": "true",
    }
    apiserver = {
        # As clouds have it.
        "allow-privileged": "true",
        "bind-address": "127.0.0.1",
        "secure-port": secure,
        "cert-dir": api.certificate.parent,
        "etcd-servers": f"http://127.0.0.1:{store}",
        "token-auth-file": tokens,
        "authorization-mode": "RBAC",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": api.key,
        "service-account-signing-key-file": api.key,
        "service-cluster-ip-range": "10.0.0.0/24",
    }
    for name, said in (("etcd", etcd), ("kube-apiserver", apiserver)):
        processes.start(name, [tools.binary(name), *flags(said)])
    server = f"https://127.0.0.1:{secure}"
    _wait_until_ready(server, api)
    api.kubeconfig.write_text(_kubeconfig(server, api.certificate))
    return api


def _wait_until_ready(server: str, api: BareApi) -> None:
    asked = Request(f"{server}/readyz", headers={"Authorization": f"Bearer {_TOKEN}"})
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        api.processes.check()
        try:
            trust = ssl.create_default_context(cafile=api.certificate)
            with urlopen(asked, context=trust, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    said = api.processes.log("kube-apiserver").read_text()[-4000:]
    raise AssertionError(f"the API server is not ready:\n{said}")


def _private_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _kubeconfig(server: str, certificate: Path) -> str:
    trusted = base64.b64encode(certificate.read_bytes()).decode()
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "bare",
                    "cluster": {"server": server, "certificate-authority-data": trusted},
                }
            ],
            "contexts": [{"name": "bare", "context": {"cluster": "bare", "user": "admin"}}],
            "current-context": "bare",
            "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        }
    )
