"""Whether a component answers."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .certs import Pki
from .settings import Port, Settings


@dataclass(frozen=True)
class Health:
    """Where to ask: a Unix socket that accepts, or an address that answers 200.

    A component with neither is healthy as long as it runs.
    """

    ports: tuple[Port, ...] = ()
    url: str = ""
    socket: Path | None = None
    authority: str = "ca"
    client: str = "admin"


def endpoints(settings: Settings) -> dict[str, Health]:
    """Each component, in the order in which they are started: its ports, the main one first."""
    return {
        "containerd": Health((Port.CONTAINER_STREAMING,), socket=settings.containerd_socket),
        "etcd": Health(
            (Port.ETCD, Port.ETCD_PEER),
            f"https://127.0.0.1:{Port.ETCD:d}/health",
            authority="etcd-ca",
            client="etcd-client",
        ),
        "apiserver": Health((Port.APISERVER,), f"{settings.server}/readyz"),
        "controller-manager": Health(
            (Port.CONTROLLER_MANAGER,),
            f"https://127.0.0.1:{Port.CONTROLLER_MANAGER:d}/healthz",
        ),
        "scheduler": Health((Port.SCHEDULER,), f"https://127.0.0.1:{Port.SCHEDULER:d}/healthz"),
        "kubelet": Health(
            (Port.KUBELET, Port.KUBELET_HEALTH),
            f"http://127.0.0.1:{Port.KUBELET_HEALTH:d}/healthz",
        ),
        "proxy": Health(
            (Port.PROXY_HEALTH, Port.PROXY_METRICS),
            f"http://127.0.0.1:{Port.PROXY_HEALTH:d}/healthz",
        ),
        "provisioner": Health(),
    }


def healthy(health: Health, pki: Pki, timeout: float = 3) -> bool:
    """Ask once."""
    try:
        if health.socket:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(timeout)
                connection.connect(str(health.socket))
            return True
        return not health.url or _status(health, pki, timeout) == 200
    except (OSError, http.client.HTTPException):
        return False


def _status(health: Health, pki: Pki, timeout: float) -> int:
    address = urlsplit(health.url)
    host, port = str(address.hostname), address.port
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        context = ssl.create_default_context(cafile=pki.cert(health.authority))
        context.load_cert_chain(pki.cert(health.client), pki.key(health.client))
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status
    finally:
        connection.close()
