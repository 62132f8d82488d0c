"""Takes the wanted files out of a folder or an archive of a release."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from ..spec.model import TrainstackError
from .release import Release

LARGEST_FILE = 16 * 1024 * 1024


def files_of(origin: Path, release: Release) -> dict[str, bytes]:
    """The release's files in `origin`: its folder, any folder above it, a .tar.gz or a .zip.

    Raises `TrainstackError` when it is none of these, or lacks a file.
    """
    if origin.is_dir():
        return _from_folder(origin, release)
    if not origin.is_file():
        raise TrainstackError(f"{origin}: no such file or folder")
    try:
        if zipfile.is_zipfile(origin):
            with zipfile.ZipFile(origin) as archive:
                return _from_members(archive.namelist(), archive.open, origin, release)
        with tarfile.open(origin) as tar:
            members = {member.name: member for member in tar if member.isfile()}

            def opened(name: str) -> IO[bytes]:
                content = tar.extractfile(members[name])
                return content if content is not None else io.BytesIO()

            return _from_members(members, opened, origin, release)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise TrainstackError(
            f"{origin}: neither a folder nor a whole .tar.gz or .zip: {error}"
        ) from None


def manifests_folder(origin: Path, release: Release) -> Path:
    """The folder in `origin` whose paths are those of the release.

    Raises `TrainstackError` that names what is missing.
    """
    parts = Path(release.folder).parts
    folders = [origin.joinpath(*parts[depth:]) for depth in range(len(parts) + 1)]
    missing = {
        folder: [name for name in release.files if not (folder / name).is_file()]
        for folder in folders
    }
    folder = min(folders, key=lambda folder: len(missing[folder]))
    if missing[folder]:
        raise TrainstackError(
            f"{origin}: not the manifests of {release.title}; {missing[folder][0]} is missing"
        )
    return folder


def _from_folder(origin: Path, release: Release) -> dict[str, bytes]:
    folder = manifests_folder(origin, release)
    return {name: (folder / name).read_bytes() for name in release.files}


def _from_members(
    names: Iterable[str],
    opened: Callable[[str], IO[bytes]],
    origin: Path,
    release: Release,
) -> dict[str, bytes]:
    """Members are found by the end of their name, so an archive decides no path on this disk."""
    known = list(names)
    found = {}
    for wanted in release.files:
        ending = f"/{release.folder}/{wanted}"
        member = min((name for name in known if name.endswith(ending)), key=len, default=None)
        if member is None:
            raise TrainstackError(f"{origin}: not a release of {release.title}; no {wanted} in it")
        with opened(member) as content:
            found[wanted] = content.read(LARGEST_FILE)
    return found
