"""Debian packages, unpacked into the cache and never installed: installing would start services."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from .command import SYSTEM_PATH, run, succeeds, which
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
IPTABLES = ("iptables", "iptables-save", "iptables-restore")
IPTABLES_WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="$root/{libraries}" XTABLES_LIBDIR="$root/{libraries}/xtables"
exec "$root/usr/sbin/{multi}" "$(basename "$0")" "$@"
"""


def fetch(packages: Iterable[str], say: Callable[[str], None]) -> Path:
    """A folder with the packages' files, and all their commands in its `bin`."""
    names = sorted(packages)
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
