"""What the machine has to offer before anything is made on it."""

from __future__ import annotations

import os
import socket
from ipaddress import IPv4Address
from pathlib import Path

from .command import run, succeeds, which
from .errors import DevClusterError
from .settings import Port, Settings

COMMANDS = {"ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux", "mount": "mount"}
OVERLAY = (
    "mount -t tmpfs none /tmp && mkdir /tmp/l /tmp/u /tmp/w /tmp/m && "
    "mount -t overlay none -o lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w /tmp/m"
)
# Each is tried in namespaces of its own, so that nothing is left of it.
FEATURES = {
    "mount and network namespaces": "true",
    "network bridges": "ip link add tsprobe type bridge",
    "virtual Ethernet pairs": "ip link add tsprobe type veth peer name tsprobe2",
    "overlay file systems": OVERLAY,
}
LISTENING = "0A"


def require_root() -> None:
    """Refuse to run as anybody else."""
    if os.geteuid() != 0:
        raise DevClusterError("The dev cluster needs root: run it with sudo.")


def require_machine(settings: Settings) -> None:
    """Refuse a machine that cannot run the cluster; leaves nothing behind."""
    require_root()
    for command, package in COMMANDS.items():
        if not which(command):
            raise DevClusterError(f"The command {command} is missing; install {package}.")
    for feature, script in FEATURES.items():
        if not succeeds(["unshare", "--mount", "--net", "sh", "-c", script]):
            raise DevClusterError(f"The kernel does not offer {feature} here.")
    parent = next(path for path in (settings.folder, *settings.folder.parents) if path.exists())
    if run(["stat", "-f", "-c", "%T", parent]).strip() == "overlayfs":
        raise DevClusterError(
            f"{parent} lies on an overlay file system, on which images cannot be unpacked; "
            "name a folder elsewhere with TRAINSTACK_DEVCLUSTER_DIR."
        )


def require_ports(settings: Settings, own: set[int]) -> None:
    """Refuse when somebody else listens where a component of ours is to listen."""
    addresses = {settings.node_address, IPv4Address("127.0.0.1")}
    for port in sorted(set(map(int, Port)) - own):
        if any(listener in (None, *addresses) for listener in _listeners(port)):
            raise DevClusterError(
                f"Port {port} is in use by another program, perhaps another Kubernetes "
                f"(see `ss -ltnp sport = :{port}`)."
            )


def _listeners(port: int) -> list[IPv4Address | None]:
    """The addresses that somebody listens on; None stands for all of them."""
    found: list[IPv4Address | None] = []
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, _, state, *_ = line.split()
            address, _, number = local.partition(":")
            if state == LISTENING and int(number, 16) == port:
                found.append(_address(address))
    return found


def _address(text: str) -> IPv4Address | None:
    if not int(text, 16):
        return None
    word = int(text[-8:], 16)  # Of an IPv4 address in IPv6 clothes these are the last bytes.
    return IPv4Address(socket.ntohl(word))
