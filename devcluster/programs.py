"""Programs that are no Go modules: the machine's own where they fit, otherwise Debian's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .command import SYSTEM_PATH, run, which
from .debian import IPTABLES, fetch
from .errors import DevClusterError

CNI_PACKAGE = "containernetworking-plugins"
CNI_PLUGINS = ("bridge", "host-local", "loopback")


@dataclass(frozen=True)
class Package:
    """A package, how to tell that the machine has what it gives, and what it needs."""

    name: str
    commands: tuple[str, ...] = ()
    version: str = ""
    fits: Callable[[tuple[int, int]], bool] = lambda version: True
    needs: tuple[str, ...] = ()

    def installed(self) -> bool:
        """Whether all its commands are on PATH, in a version that fits."""
        if not self.commands or not all(map(which, self.commands)):
            return False
        if not self.version:
            return True
        found = re.search(self.version, run([self.commands[0], "--version"]))
        return found is not None and self.fits((int(found[1]), int(found[2])))


PACKAGES = (
    Package("bash-static"),
    Package(
        "containerd",
        ("containerd", "ctr", "containerd-shim-runc-v2"),
        r"containerd\S* \S*?v?(\d+)\.(\d+)",
        lambda v: (1, 6) <= v < (3, 0),
    ),
    Package("runc", ("runc",), r"runc version (\d+)\.(\d+)", lambda v: v >= (1, 1)),
    Package(CNI_PACKAGE),
    Package("busybox-static"),
    Package("runit", ("svlogd",)),
    Package(
        "iptables",
        IPTABLES,
        r"iptables v(\d+)\.(\d+)",
        lambda v: v >= (1, 8),
        needs=(
            "libip4tc2",
            "libip6tc2",
            "libmnl0",
            "libnetfilter-conntrack3",
            "libnfnetlink0",
            "libnftnl11",
            "libxtables12",
        ),
    ),
)


@dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    root: Path
    cni: Path

    @property
    def path(self) -> str:
        """PATH for the components."""
        return f"{self.root / 'bin'}:{SYSTEM_PATH}"

    @property
    def busybox(self) -> Path:
        """The one that needs no library, for the image."""
        return self.root / "bin/busybox"

    @property
    def bash(self) -> Path:
        """A shell that needs no library either."""
        return self.root / "bin/bash-static"

    def lookup(self, name: str) -> Path | None:
        """The path of a program, if there is one."""
        found = which(name, self.path)
        return Path(found) if found else None

    def find(self, name: str) -> Path:
        """The path of a program that has to be there."""
        found = self.lookup(name)
        if not found:
            raise DevClusterError(f"{name} is missing in {self.root}; remove that folder.")
        return found


def ensure_programs(say: Callable[[str], None]) -> Programs:
    """Find the programs, and fetch the packages of those that are missing."""
    cni = _installed_cni()
    packages = [package for package in PACKAGES if not package.installed()]
    if cni:
        packages = [package for package in packages if package.name != CNI_PACKAGE]
    root = fetch({name for one in packages for name in (one.name, *one.needs)}, say)
    return Programs(root, cni or root / "usr/lib/cni")


def _installed_cni() -> Path | None:
    for folder in map(Path, ("/usr/lib/cni", "/opt/cni/bin")):
        if all((folder / plugin).exists() for plugin in CNI_PLUGINS):
            return folder
    return None
