"""What a machine looks like, to compare it before and after."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from devcluster.programs import ensure_programs
from devcluster.sysctls import SETTINGS

PROGRAMS = ("containerd", "etcd", "kube", "runc", "coredns", "pause", "svlogd", "unshare")
FOLDERS = ("/var/lib", "/var/log", "/run", "/opt", "/etc", "/tmp/hostpath_pv", "/usr/libexec")
OTHERS = ("process_api",)


def snapshot() -> dict[str, list[str]]:
    """Processes, mounts, links, routes, rules, groups, listeners, settings and folders."""
    return {
        "processes": _processes(),
        "mounts": Path("/proc/self/mounts").read_text().splitlines(),
        "links": [str(link["ifname"]) for link in _ip("link")],
        "addresses": [str(link["addr_info"]) for link in _ip("address") if link["addr_info"]],
        "routes": sorted(json.dumps(route) for route in _ip("-4", "route", "show", "table", "all")),
        "namespaces": _list(Path("/run/netns")),
        "rules": _rules(),
        "groups": sorted(str(path) for path in Path("/sys/fs/cgroup").rglob("*") if _group(path)),
        "listeners": _listeners(),
        "sysctls": [f"{name}={Path('/proc/sys', name).read_text().strip()}" for name in SETTINGS],
        "folders": [path for folder in FOLDERS for path in _list(Path(folder))],
    }


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """What came (+) and went (-), by kind; empty when nothing did."""
    found = {}
    for kind, lines in after.items():
        came = [f"+ {line}" for line in lines if line not in before[kind]]
        went = [f"- {line}" for line in before[kind] if line not in lines]
        if came or went:
            found[kind] = came + went
    return found


def _processes() -> list[str]:
    """Living processes of the kind that a cluster consists of, other clusters' too."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        name = Path(words[0].decode(errors="replace")).name
        if name.startswith(PROGRAMS):
            found.append(f"{folder.name} {name}")
    return sorted(found)


def _ip(*words: str) -> list[dict[str, object]]:
    shown = words if "show" in words else (*words, "show")
    found: list[dict[str, object]] = json.loads(subprocess.check_output(["ip", "-j", *shown]))
    return found


def _rules() -> list[str]:
    save = ensure_programs(lambda text: None).find("iptables-save")
    lines = subprocess.check_output([str(save)], text=True).splitlines()
    return [line.split(" [")[0] for line in lines if not line.startswith("#")]


def _group(path: Path) -> bool:
    return path.is_dir() and not set(OTHERS) & set(path.parts)


def _listeners() -> list[str]:
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return sorted(line[1] for line in lines if line[3] == "0A")


def _list(folder: Path) -> list[str]:
    return sorted(map(str, folder.iterdir())) if folder.is_dir() else []
