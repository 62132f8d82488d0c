"""Reads upstream's manifests from the cache or a local folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ..spec.model import TrainstackError
from .archive import manifests_folder
from .cache import PARSED, is_fetched, release_folder
from .release import Release

Manifest = dict[str, Any]


def parse_documents(content: bytes) -> list[Manifest]:
    """The YAML documents in `content`, empty ones left out."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [document for document in yaml.load_all(content, loader) if document]


def read_documents(release: Release, source: str | None, names: Iterable[str]) -> list[Manifest]:
    """The documents in those files of a release; treat them as read-only.

    `source` is a folder with the manifests; by default they are those in the cache.
    Raises `TrainstackError`: not fetched, or not the release's manifests.
    """
    folder = _folder(release, source)
    return [document for name in names for document in _read(folder, name)]


def _folder(release: Release, source: str | None) -> Path:
    if source is not None:
        origin = Path(source).expanduser()
        if not origin.is_dir():
            raise TrainstackError(f"source: {origin} is not a folder")
        return manifests_folder(origin, release)
    if not is_fetched(release):
        raise TrainstackError(
            f"the manifests of {release.title} are not on this machine; "
            f"run: trainstack operators fetch {release.title}"
        )
    return release_folder(release)


def _read(folder: Path, name: str) -> list[Manifest]:
    if (folder / PARSED).is_file():
        return _parsed(folder)[name]
    return parse_documents((folder / name).read_bytes())


@cache
def _parsed(folder: Path) -> dict[str, list[Manifest]]:
    content: dict[str, list[Manifest]] = json.loads((folder / PARSED).read_text())
    return content
