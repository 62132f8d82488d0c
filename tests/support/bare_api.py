"""A real API server with etcd and nothing else: no nodes, no controllers, no webhooks."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devcluster.toolchain import Toolchain

_TOKEN = "test"
_PATIENCE_SECONDS = 90


@contextmanager
def bare_api(tools: Toolchain, folder: Path) -> Iterator[Path]:
    """The kubeconfig of one that lives as long as the block."""
    store, peer, secure = _free_ports(3)
    key = folder / "service-account.key"
    key.write_bytes(_private_key())
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{_TOKEN},admin,admin,system:masters\n")
    etcd = {
        "data-dir": folder / "etcd",
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
        "cert-dir": folder / "certificates",
        "etcd-servers": f"http://127.0.0.1:{store}",
        "token-auth-file": tokens,
        "authorization-mode": "RBAC",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": key,
        "service-account-signing-key-file": key,
        "service-cluster-ip-range": "10.0.0.0/24",
    }
    certificate = folder / "certificates/apiserver.crt"
    kubeconfig = folder / "kubeconfig"
    server = f"https://127.0.0.1:{secure}"
    kubeconfig.write_text(_kubeconfig(server, certificate))
    with ExitStack() as running:
        for name, flags in (("etcd", etcd), ("kube-apiserver", apiserver)):
            log = running.enter_context((folder / f"{name}.log").open("w"))
            argv = [str(tools.binary(name)), *(f"--{key}={value}" for key, value in flags.items())]
            process = subprocess.Popen(argv, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.kill)
        _wait_until_ready(server, certificate, folder / "kube-apiserver.log")
        yield kubeconfig


def _wait_until_ready(server: str, certificate: Path, log: Path) -> None:
    asked = Request(f"{server}/readyz", headers={"Authorization": f"Bearer {_TOKEN}"})
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            trust = ssl.create_default_context(cafile=certificate)
            with urlopen(asked, context=trust):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the API server is not ready:\n{log.read_text()[-4000:]}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _private_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _kubeconfig(server: str, certificate: Path) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "bare",
                    "cluster": {"server": server, "certificate-authority": str(certificate)},
                }
            ],
            "contexts": [{"name": "bare", "context": {"cluster": "bare", "user": "admin"}}],
            "current-context": "bare",
            "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        }
    )
