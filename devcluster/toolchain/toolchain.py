"""Tools that are there, built or found on PATH, and how to run them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .errors import ToolchainError
from .pulumi import PARTS, PROVIDER, bundle, install_plugin
from .store import Built
from .system import OnPath
from .table import select


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
        parts = [entry for entry in self._built() if entry.tool.name in PARTS]
        return [bundle(parts)] if parts else []

    def env(self, pulumi_home: Path | None = None) -> dict[str, str]:
        """The caller's environment, in which `pulumi` finds all of its parts.

        With a home folder of one's own the provider is installed there, as Pulumi warns in
        every preview about one that it finds on PATH.
        """
        folders = [*map(str, self.path_dirs()), os.environ.get("PATH", os.defpath)]
        environment = {
            **os.environ,
            "PATH": os.pathsep.join(folders),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        if pulumi_home is None:
            return environment
        environment["PULUMI_HOME"] = str(pulumi_home)
        for entry in self._built():
            if entry.tool.name == PROVIDER:
                install_plugin(entry, pulumi_home)
                environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
        return environment

    def _built(self) -> list[Built]:
        return [entry for entry in self.tools if isinstance(entry, Built)]

    def _entry(self, name: str) -> Built | OnPath:
        (tool, *_) = select([name])
        for entry in self.tools:
            if entry.tool == tool:
                return entry
        raise ToolchainError(f"{name} was not asked for; name it in ensure().")
