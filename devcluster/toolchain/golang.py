"""The Go installation, and the environment in which it builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .cache import go_root
from .errors import ToolchainError

BUILD_FLAGS: tuple[str, ...] = ("-trimpath", "-buildvcs=false", "-mod=readonly")
LINK_FLAGS: tuple[str, ...] = ("-s", "-w")
BUILD_ENVIRONMENT: dict[str, str] = {"CGO_ENABLED": "0", "GOWORK": "off"}

_INHERITED_NOT = ("GOOS", "GOARCH", "GOFLAGS", "GOBIN", "GOROOT_FINAL", "GOEXPERIMENT")
_VERSION = re.compile(r"go(\d+)\.(\d+)\S* (\w+/\w+)")
_DIRECTIVE = re.compile(r"^go (\d+)\.(\d+)", re.MULTILINE)
# From this release on Go can fetch a newer Go by itself.
_SWITCHES_SINCE = (1, 21)


@dataclass(frozen=True)
class Go:
    """A Go command and what it says about itself."""

    command: Path
    version: tuple[int, int]
    platform: str

    @property
    def release(self) -> str:
        """The language release, without the patch level."""
        return f"go{self.version[0]}.{self.version[1]}"


def find_go() -> Go | None:
    """The Go on PATH, if it answers."""
    command = shutil.which("go")
    if command is None:
        return None
    try:
        answer = subprocess.run(
            [command, "version"],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=os.sep,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer)
    if match is None:
        return None
    return Go(Path(command), (int(match[1]), int(match[2])), match[3])


def needed_version(go_mod: Path) -> tuple[int, int]:
    """The least Go that a module asks for."""
    match = _DIRECTIVE.search(go_mod.read_text())
    if match is None:
        raise ToolchainError(f"{go_mod} names no Go version.")
    return int(match[1]), int(match[2])


def require_go(go: Go | None, needed: tuple[int, int]) -> Go:
    """Go in a version that can build, or one sentence that says what to install."""
    wanted = f"Go {needed[0]}.{needed[1]} or newer"
    if go is None:
        raise ToolchainError(
            f"{wanted} is needed to build the tools, and no `go` command is on PATH."
        )
    if go.version >= needed:
        return go
    found = f"{wanted} is needed to build the tools, and {go.command} is {go.release[2:]}"
    if go.version < _SWITCHES_SINCE:
        raise ToolchainError(f"{found}.")
    if _setting(go, "GOTOOLCHAIN") == "local":
        raise ToolchainError(f"{found} and may not fetch a newer one (GOTOOLCHAIN is local).")
    return go


def build_environment() -> dict[str, str]:
    """The caller's environment without what would change the result, with caches of our own."""
    environment = {name: value for name, value in os.environ.items() if name not in _INHERITED_NOT}
    return {
        **environment,
        **BUILD_ENVIRONMENT,
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(go_root() / "mod"),
        "GOCACHE": str(go_root() / "build"),
    }


def _setting(go: Go, name: str) -> str:
    answer = subprocess.run(
        [str(go.command), "env", name], capture_output=True, text=True, timeout=30, check=False
    )
    return answer.stdout.strip()
