"""Kernel settings that the cluster changes, and puts back."""

from __future__ import annotations

from pathlib import Path

from .command import succeeds
from .errors import DevClusterError

# The first two carry packets between pods and through service addresses; the kubelet sets
# the others, and would do so unasked.
SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/bridge/bridge-nf-call-iptables": "1",
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def read() -> dict[str, str]:
    """The present values of what will be changed."""
    if not _path("net/bridge/bridge-nf-call-iptables").exists():
        succeeds(["modprobe", "br_netfilter"])
    return {name: _path(name).read_text().strip() for name in SETTINGS if _path(name).exists()}


def apply() -> None:
    """Set what is not as it has to be."""
    for name, value in SETTINGS.items():
        path = _path(name)
        if not path.exists():
            raise DevClusterError(f"The kernel lacks {path}; load the module br_netfilter.")
        if path.read_text().strip() == value:
            continue
        try:
            path.write_text(value)
        except OSError as error:
            raise DevClusterError(f"{path} cannot be set to {value}: {error.strerror}.") from None


def restore(saved: dict[str, str]) -> None:
    """Put back what is still as the cluster set it."""
    for name, value in saved.items():
        path = _path(name)
        if path.exists() and path.read_text().strip() == SETTINGS.get(name) != value:
            path.write_text(value)


def _path(name: str) -> Path:
    return Path("/proc/sys", name)
