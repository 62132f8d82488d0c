"""Hosts made of namespaces, on one switch; needs root.

    with Network(folder) as network:
        host = network.host("one")
        process = subprocess.Popen([*host.inside, "sleep", "60"])
        host.cut()

Nothing has a name outside: every namespace lives as long as the process that holds it, which ends
with the process that made it, however that ends.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUBNET = "10.77.0"
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass(frozen=True)
class Host:
    """A network, a host name and an address of its own."""

    name: str
    address: str
    holder: int
    port: str
    """Its end on the switch."""
    switch: int

    @property
    def inside(self) -> list[str]:
        """Before a command, runs it here as process 1 of a pod; killing that kills all of it."""
        return [
            *ENDS_WITH_US,
            *("nsenter", "--target", str(self.holder), "--net", "--uts", "--mount", "--"),
            *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
        ]

    def cut(self) -> None:
        """From now on nothing arrives or leaves, and nobody is told."""
        _in(self.switch, "ip", "link", "set", self.port, "down")

    def mend(self) -> None:
        """Undo `cut`."""
        _in(self.switch, "ip", "link", "set", self.port, "up")


@dataclass
class Network:
    """A switch and its hosts; `folder` takes their `/etc/hosts`."""

    folder: Path
    hosts: list[Host] = field(default_factory=list)
    holders: list[subprocess.Popen[bytes]] = field(default_factory=list)
    switch: int = 0

    def __enter__(self) -> Network:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._names = self.folder / "hosts"
        self._names.write_text("127.0.0.1 localhost\n")
        self.switch = self._hold("switch")
        _in(self.switch, "ip", "link", "add", "switch", "type", "bridge")
        _in(self.switch, "ip", "link", "set", "switch", "up")
        return self

    def __exit__(self, *error: Any) -> None:
        for holder in self.holders:
            holder.kill()
            holder.wait()

    def host(self, name: str) -> Host:
        """A new one."""
        number = len(self.hosts) + 1
        host = Host(name, f"{SUBNET}.{number}", self._hold(name), f"port{number}", self.switch)
        with self._names.open("a") as names:
            names.write(f"{host.address} {name}\n")
        _run(
            *("ip", "link", "add", host.port, "netns", str(self.switch), "type", "veth"),
            *("peer", "name", "eth0", "netns", str(host.holder)),
        )
        _in(self.switch, "ip", "link", "set", host.port, "master", "switch", "up")
        _in(host.holder, "ip", "address", "add", f"{host.address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _in(host.holder, "ip", "link", "set", link, "up")
        self.hosts.append(host)
        return host

    def _hold(self, name: str) -> int:
        """A process that keeps new namespaces."""
        script = 'hostname "$0"; mount --bind "$1" /etc/hosts; echo ready; exec sleep infinity'
        holder = subprocess.Popen(
            [
                *(*ENDS_WITH_US, "unshare", "--net", "--uts", "--mount"),
                *("sh", "-ec", script, name, str(self._names)),
            ],
            stdout=subprocess.PIPE,
        )
        self.holders.append(holder)
        assert holder.stdout is not None
        with holder.stdout as said:
            assert said.readline() == b"ready\n"
        return holder.pid


def _in(holder: int, *command: str) -> None:
    _run("nsenter", "--target", str(holder), "--net", "--", *command)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
