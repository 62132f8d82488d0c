"""Tools that are there, built or found on PATH, and how to run them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import tools_root
from .errors import ToolchainError
from .store import Built
from .system import OnPath
from .table import select

_BUNDLED = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")


@dataclass(frozen=True)
class Toolchain:
    """What `ensure()` and `locate()` give."""

    tools: tuple[Built | OnPath, ...]

    def binary(self, name: str) -> Path:
        """The path of one binary, such as `kubelet`."""
        entry = self._entry(name)
        if isinstance(entry, Built):
            return entry.bin / name
        found = dict(entry.binaries).get(name)
        if found is None:
            raise ToolchainError(
                f"{name} is not installed: the {entry.tool.name} on PATH brings its own."
            )
        return found

    def manifests(self, name: str) -> Path:
        """The folder of an operator's own manifests, with its CRDs."""
        entry = self._entry(name)
        folder = entry.folder / "manifests" if isinstance(entry, Built) else None
        if folder is None or not folder.is_dir():
            raise ToolchainError(f"{name} has no manifests.")
        return folder

    def path_dirs(self) -> list[Path]:
        """What to prepend to PATH; empty when Pulumi is there already."""
        pieces = [
            entry
            for entry in self.tools
            if isinstance(entry, Built) and entry.tool.name in _BUNDLED
        ]
        return [bundle(pieces)] if pieces else []

    def env(self) -> dict[str, str]:
        """The caller's environment, in which `pulumi` finds all of its parts."""
        folders = [*map(str, self.path_dirs()), os.environ.get("PATH", os.defpath)]
        return {**os.environ, "PATH": os.pathsep.join(folders), "PULUMI_SKIP_UPDATE_CHECK": "1"}

    def _entry(self, name: str) -> Built | OnPath:
        (tool, *_) = select([name])
        for entry in self.tools:
            if entry.tool == tool:
                return entry
        raise ToolchainError(f"{name} was not asked for; name it in ensure().")


def bundle(pieces: Sequence[Built]) -> Path:
    """One folder with Pulumi's parts; hard links, as Pulumi looks beside its resolved path."""
    names = " ".join(sorted(piece.folder.name for piece in pieces))
    folder = tools_root() / f"pulumi-path-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    sources = [
        path for piece in pieces for path in piece.bin.iterdir() if not path.name.startswith(".")
    ]
    if all((folder / path.name).exists() for path in sources):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in sources:
        # By rename, because another process may be doing the same.
        temporary = folder / f".{path.name}.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        os.link(path, temporary)
        temporary.replace(folder / path.name)
        # Renaming onto another link of the same file leaves both.
        temporary.unlink(missing_ok=True)
    return folder
