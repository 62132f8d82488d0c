"""The bridge that carries the node's address and the pods."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from .command import run, succeeds
from .errors import DevClusterError
from .settings import BRIDGE, NAME, Settings
from .state import write_atomically

RESOLVERS = ("/run/systemd/resolve/resolv.conf", "/etc/resolv.conf")


def require_free(settings: Settings) -> None:
    """Refuse addresses and interface names that somebody else uses."""
    if _link() and not bridge_exists():
        raise DevClusterError(f"The network interface {BRIDGE} exists and is not ours.")
    for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"])):
        target = route["dst"]
        if route.get("dev") == BRIDGE or target == "default":
            continue
        if IPv4Network(target, strict=False).overlaps(settings.network):
            raise DevClusterError(
                f"The network {settings.network} is in use here ({target} on {route.get('dev')}); "
                "choose another one with TRAINSTACK_DEVCLUSTER_NETWORK."
            )


def bridge_exists() -> bool:
    """Whether our bridge is there."""
    link = _link()
    return link is not None and link.get("ifalias") == NAME


def ensure_bridge(settings: Settings) -> None:
    """Make the bridge with the node's address."""
    if _link() is None:
        # A fixed address, or the bridge would take over that of any pod that comes and goes.
        run(["ip", "link", "add", BRIDGE, "address", "02:74:73:64:65:76", "type", "bridge"])
        run(["ip", "link", "set", BRIDGE, "alias", NAME])
    ipv6 = Path("/proc/sys/net/ipv6/conf", BRIDGE, "disable_ipv6")
    if ipv6.exists():
        ipv6.write_text("1")
    address = f"{settings.node_address}/{settings.pod_network.prefixlen}"
    run(["ip", "address", "replace", address, "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])


def remove_bridge() -> None:
    """Remove the bridge and what is attached to it."""
    if not bridge_exists():
        return
    for port in json.loads(run(["ip", "-j", "link", "show", "master", BRIDGE]) or "[]"):
        # It may vanish by itself meanwhile: its pod is gone already.
        succeeds(["ip", "link", "delete", port["ifname"]])
    run(["ip", "link", "delete", BRIDGE])


def write_resolvers(path: Path) -> None:
    """Name servers that a pod can reach too: those on the machine's loopback are left out."""
    for source in RESOLVERS:
        try:
            lines = Path(source).read_text().splitlines()
        except OSError:
            continue
        servers = [line for line in lines if line.startswith("nameserver")]
        kept = [line for line in servers if not line.split()[-1].startswith(("127.", "::1"))]
        if kept:
            write_atomically(path, "\n".join(kept) + "\n", 0o644)
            return
    write_atomically(path, "", 0o644)


def _link() -> dict[str, Any] | None:
    for link in json.loads(run(["ip", "-j", "link", "show"])):
        if link["ifname"] == BRIDGE:
            found: dict[str, Any] = link
            return found
    return None
