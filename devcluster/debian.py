"""Programs that Debian packages: taken from PATH, or unpacked into the cache, never installed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .command import run, succeeds
from .errors import DevClusterError
from .toolchain.cache import cache_root

# What the cluster was tested with; other versions are used too, and recorded in packages.json.
TESTED = {
    ("bookworm", "bash-static"): "5.2.15-2+b13",
    ("bookworm", "busybox-static"): "1:1.35.0-4+deb12u1+b1",
    ("bookworm", "containerd"): "1.6.20~ds1-1+deb12u3",
    ("bookworm", "containernetworking-plugins"): "1.1.1+ds1-3+b5",
    ("bookworm", "iptables"): "1.8.9-2",
    ("bookworm", "runc"): "1.1.5+ds1-1+deb12u1",
    ("bookworm", "runit"): "2.1.2-54",
}
CNI_PACKAGE = "containernetworking-plugins"
CNI_PLUGINS = ("bridge", "host-local", "loopback")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IPTABLES = ("iptables", "iptables-save", "iptables-restore")
IPTABLES_WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="$root/{libraries}" XTABLES_LIBDIR="$root/{libraries}/xtables"
exec "$root/usr/sbin/{multi}" "$(basename "$0")" "$@"
"""


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
        found = shutil.which(name, path=self.path)
        return Path(found) if found else None

    def find(self, name: str) -> Path:
        """The path of a program that has to be there."""
        found = self.lookup(name)
        if not found:
            raise DevClusterError(f"{name} is missing in {self.root}; remove that folder.")
        return found


def which(name: str) -> str | None:
    """The path of a program of the machine's own."""
    return shutil.which(name, path=SYSTEM_PATH)


def ensure_programs(say: Callable[[str], None]) -> Programs:
    """Find the programs, and fetch the packages of those that are missing."""
    cni = _installed_cni()
    packages = [package for package in PACKAGES if not package.installed()]
    if cni:
        packages = [package for package in packages if package.name != CNI_PACKAGE]
    root = _fetch(packages, say)
    return Programs(root, cni or root / "usr/lib/cni")


def _installed_cni() -> Path | None:
    for folder in map(Path, ("/usr/lib/cni", "/opt/cni/bin")):
        if all((folder / plugin).exists() for plugin in CNI_PLUGINS):
            return folder
    return None


def _fetch(packages: list[Package], say: Callable[[str], None]) -> Path:
    names = sorted({name for package in packages for name in (package.name, *package.needs)})
    release, architecture = _release(names), os.uname().machine
    key = hashlib.sha256("\n".join([release, architecture, *names]).encode()).hexdigest()[:12]
    root = cache_root() / "debian" / key
    if (root / "packages.json").exists():
        return root
    say(f"fetching {len(names)} Debian packages")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".new-") as draft:
        unpacked = Path(draft, "root")
        versions = _unpack(names, Path(draft, "packages"), unpacked)
        _link_commands(unpacked)
        record = {
            "release": release,
            "architecture": architecture,
            "packages": versions,
            "tested": {name: TESTED.get((release, name)) for name in versions},
        }
        (unpacked / "packages.json").write_text(json.dumps(record, indent=2) + "\n")
        if not (root / "packages.json").exists():
            unpacked.rename(root)
    return root


def _release(names: list[str]) -> str:
    if not (which("apt-get") and which("dpkg")):
        raise DevClusterError(
            "This machine has no apt-get; install containerd, runc, the CNI plugins, "
            "busybox-static, bash-static, runit and iptables yourself "
            f"(missing packages: {', '.join(names)})."
        )
    values = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )
    return values.get("VERSION_CODENAME", values.get("ID", "unknown")).strip('"')


def _unpack(names: list[str], downloads: Path, root: Path) -> dict[str, str]:
    downloads.mkdir()
    root.mkdir()
    download = ["apt-get", "-q", "download", *names]
    if not _download(download, downloads):
        run(["apt-get", "-q", "update"])
        run(download, cwd=str(downloads))
    versions = {}
    for file in sorted(downloads.glob("*.deb")):
        run(["dpkg", "-x", file, root])
        name, version = run(["dpkg-deb", "-W", file]).split()
        versions[name] = version
    return versions


def _download(command: list[str], folder: Path) -> bool:
    try:
        run(command, cwd=str(folder))
    except DevClusterError:
        return False
    return True


def _link_commands(root: Path) -> None:
    commands = root / "bin"
    commands.mkdir(exist_ok=True)
    for folder in ("usr/sbin", "usr/bin", "sbin"):
        for program in sorted((root / folder).glob("*")):
            if not (commands / program.name).exists():
                (commands / program.name).symlink_to(Path("..") / folder / program.name)
    multi = _working_iptables(root)
    if multi:
        for name in IPTABLES:
            (commands / name).unlink(missing_ok=True)
            (commands / name).write_text(multi)
            (commands / name).chmod(0o755)


def _working_iptables(root: Path) -> str | None:
    """The wrapper for nft where the kernel has it, otherwise for the older tables."""
    libraries = next((path.parent for path in root.glob("usr/lib/*/xtables")), None)
    if libraries is None:
        return None
    shown = str(libraries.relative_to(root))
    environment = {
        "PATH": SYSTEM_PATH,
        "LD_LIBRARY_PATH": str(libraries),
        "XTABLES_LIBDIR": str(libraries / "xtables"),
    }
    for multi in ("xtables-nft-multi", "xtables-legacy-multi"):
        probe = ["unshare", "--net", root / "usr/sbin" / multi, "iptables", "-t", "nat", "-N", "X"]
        if succeeds(probe, env=environment):
            return IPTABLES_WRAPPER.format(libraries=shown, multi=multi)
    raise DevClusterError("The kernel has no iptables: neither nf_tables nor the older tables.")
