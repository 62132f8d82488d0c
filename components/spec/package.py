"""A function's file and the package around it, as they are shipped."""

from __future__ import annotations

import bz2
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


def folders_of_package(file: Path, shipped: PurePosixPath) -> int:
    """How many folders around a file are packages, of those that its path names."""
    named = file.parents[: len(shipped.parts) - 1]
    outside = (n for n, folder in enumerate(named) if not (folder / "__init__.py").is_file())
    return next(outside, len(named))


def modules(file: Path, shipped: PurePosixPath) -> dict[str, Path]:
    """What is shipped of a function's file: the whole package that it is in, else itself.

    Names are paths within the archive, where `shipped` is the file's.
    """
    depth = folders_of_package(file, shipped)
    if not depth:
        return {str(shipped): file}
    top, name = file.parents[depth - 1], shipped.parents[depth - 1]
    return {str(name / path.relative_to(top)): path for path in _python_files(top)}


def pack(files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files, whenever, wherever and in whatever order."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return bz2.compress(archive.getvalue())


def _python_files(top: Path) -> list[Path]:
    found: list[Path] = []
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if name != "__pycache__" and not name.startswith(".")]
        found += [Path(folder, name) for name in names if name.endswith(".py")]
    return sorted(path for path in found if path.is_file())
