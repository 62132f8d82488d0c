"""What a tool is: a pinned Go module and everything that is taken from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A Go package and the binary that it becomes."""

    path: str
    binary: str


@dataclass(frozen=True)
class Asset:
    """A file or folder of a module that is kept beside the binaries."""

    module: str
    source: str
    target: str
    executable: bool = False


@dataclass(frozen=True)
class Embed:
    """A JSON file of a module that is compiled in, with some of its fields set."""

    module: str
    source: str
    target: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Tool:
    """One row of the table; `name` is also the folder that holds the Go module."""

    name: str
    version: str
    packages: tuple[Package, ...]
    expected_seconds: int
    ldflags: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    embeds: tuple[Embed, ...] = ()
    optional: bool = False
    """Whether only tests want it, so that it is built where it is named."""

    @property
    def binaries(self) -> tuple[str, ...]:
        """Names of everything in its `bin` folder."""
        built = [package.binary for package in self.packages]
        scripts = [asset.target.rsplit("/", 1)[-1] for asset in self.assets if asset.executable]
        return (*built, *scripts)

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules whose folders are read, beyond what the compiler reads."""
        assets = {asset.module for asset in self.assets}
        return tuple(sorted(assets | {embed.module for embed in self.embeds}))
