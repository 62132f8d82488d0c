"""The files that an image is built from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..spec.model import TrainstackError
from .ignore import Ignore

DIGITS = 16
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Context:
    """A folder without what its `.dockerignore` names; the Dockerfile always belongs to it.

    Links are kept as links, except the Dockerfile: of it the content counts.
    """

    folder: Path
    dockerfile: str
    paths: tuple[PurePosixPath, ...]

    @classmethod
    def read(cls, folder: Path, dockerfile: str) -> Context:
        """List the files.

        Raises `FileNotFoundError` or `NotADirectoryError` without the folder or the Dockerfile,
        and `ValueError` for a pattern of the `.dockerignore` that nothing can match.
        """
        if not folder.is_dir():
            raise NotADirectoryError(folder)
        if not (folder / dockerfile).is_file():
            raise FileNotFoundError(folder / dockerfile)
        found = set(_files(folder, _ignore(folder, dockerfile)))
        return cls(folder, dockerfile, tuple(sorted({*found, PurePosixPath(dockerfile)})))

    def key(self, settings: Mapping[str, Any]) -> str:
        """Hash of the files and of how they are built: the same wherever the folder lies."""
        said = {"dockerfile": self.dockerfile, **settings}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        for path in self.paths:
            file = self.folder / path
            if self._is_link(path):
                kind, content = "link", os.fsencode(file.readlink())
            else:
                kind = "program" if file.stat().st_mode & 0o100 else "file"
                content = _digest(file)
            head = b"\0%b\0%b\0%d\0" % (os.fsencode(path), kind.encode(), len(content))
            digest.update(head + content)
        return digest.hexdigest()[:DIGITS]

    def stage(self, folder: Path) -> Context:
        """A copy of the files, and of nothing else."""
        for path in self.paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.folder / path, folder / path, follow_symlinks=not self._is_link(path))
        return Context(folder, self.dockerfile, self.paths)

    def _is_link(self, path: PurePosixPath) -> bool:
        return (self.folder / path).is_symlink() and path != PurePosixPath(self.dockerfile)


def read_context(folder: Path, context: str, dockerfile: str, where: str) -> Context:
    """The context at a path that starts at `folder`.

    Raises `TrainstackError` when it, or its Dockerfile, is not there or cannot be read.
    """
    try:
        return Context.read(folder / context, dockerfile)
    except NotADirectoryError:
        raise TrainstackError(
            f"{where}: context: got {context!r}: no such folder; a relative path starts at the "
            "folder of the Pulumi program"
        ) from None
    except FileNotFoundError:
        found = sorted(path.name for path in (folder / context).iterdir())
        there = f"there are {', '.join(found[:10])}" if found else "the folder is empty"
        raise TrainstackError(
            f"{where}: dockerfile: got {dockerfile!r}: no such file in {context!r}; {there}"
        ) from None
    except (OSError, ValueError) as error:
        raise TrainstackError(f"{where}: context: got {context!r}: {error}") from None


def _ignore(folder: Path, dockerfile: str) -> Ignore:
    """A file beside the Dockerfile and named after it goes before the context's own."""
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        if (folder / name).is_file():
            return Ignore.parse((folder / name).read_text())
    return Ignore(())


def _files(folder: Path, ignore: Ignore) -> Iterator[PurePosixPath]:
    for top, below, names in os.walk(folder):
        here = PurePosixPath(Path(top).relative_to(folder).as_posix())
        links = [name for name in below if Path(top, name).is_symlink()]
        for name in (*names, *links):
            file = Path(top, name)
            if (file.is_symlink() or file.is_file()) and not ignore.leaves_out(here / name):
                yield here / name
        if not ignore.has_exceptions:
            below[:] = [name for name in below if not ignore.leaves_out(here / name)]


def _digest(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.digest()
