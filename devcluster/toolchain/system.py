"""Tools that are on PATH already, in a version that fits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .cache import cache_root
from .tool import Tool

TIMEOUT_SECONDS = 5.0
_PULUMI_SINCE = (3, 250)
_KUBERNETES_MINOR = (1, 34)
_COREDNS_MAJOR = 1
_ETCD_SINCE = (3, 6)
_VERSION = re.compile(r"(\d+)\.(\d+)\.\d+")


@dataclass(frozen=True)
class OnPath:
    """A tool that somebody else installed."""

    tool: Tool
    binaries: tuple[tuple[str, Path], ...]


def find_on_path(tool: Tool) -> OnPath | None:
    """The tool, when each of its binaries is on PATH and fits; asking leaves no trace."""
    match tool.name:
        case "pulumi" | "pulumi-language-python" | "pulumi-resource-kubernetes":
            return _pulumi(tool)
        case "kubernetes":
            found = [(name, _which(name)) for name in tool.binaries]
            if not all(
                path and _version(path, "--version") == _KUBERNETES_MINOR for _, path in found
            ):
                return None
        case "coredns":
            found = [("coredns", _which("coredns"))]
            version = _version(found[0][1], "-version") if found[0][1] else None
            if version is None or version[0] != _COREDNS_MAJOR:
                return None
        case "etcd":
            found = [("etcd", _which("etcd"))]
            version = _version(found[0][1], "--version") if found[0][1] else None
            if version is None or version < _ETCD_SINCE:
                return None
        case _:
            return None
    return OnPath(tool, tuple((name, path) for name, path in found if path))


def _pulumi(tool: Tool) -> OnPath | None:
    """A complete Pulumi brings its scripts along and fetches its own provider plugins."""
    command, host = _which("pulumi"), _which("pulumi-language-python")
    if command is None or host is None:
        return None
    version = _version(command, "version")
    if version is None or version[0] != _PULUMI_SINCE[0] or version < _PULUMI_SINCE:
        return None
    found = ((name, _which(name)) for name in tool.binaries)
    return OnPath(tool, tuple((name, path) for name, path in found if path))


def _which(name: str) -> Path | None:
    """Ours do not count: a shell may run with Toolchain.env()."""
    own = cache_root()
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and own not in (Path(folder), *Path(folder).parents)
    ]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return Path(found).absolute() if found else None


def _version(command: Path, argument: str) -> tuple[int, int] | None:
    with tempfile.TemporaryDirectory(prefix="trainstack-") as folder:
        environment = {
            **os.environ,
            "HOME": folder,
            "PULUMI_HOME": folder,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        try:
            answer = subprocess.run(
                [str(command), argument],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=TIMEOUT_SECONDS,
                cwd=folder,
                env=environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    match = _VERSION.search(answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    return int(match[1]), int(match[2])
