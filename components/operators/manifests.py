"""Reads upstream's manifests from the cache or a local folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..spec.model import TrainstackError
from .archive import manifests_folder
from .cache import is_fetched, parsed_file
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
    if source is None:
        documents = _cached(release)
        return [document for name in names for document in documents[name]]
    origin = Path(source).expanduser()
    if not origin.is_dir():
        raise TrainstackError(f"source: {origin} is not a folder")
    folder = manifests_folder(origin, release)
    return [document for name in names for document in _parse_file(folder / name)]


def _parse_file(file: Path) -> list[Manifest]:
    from yaml import YAMLError

    try:
        return parse_documents(file.read_bytes())
    except YAMLError as error:
        raise TrainstackError(f"source: {file}: not YAML: {error}") from None


def _cached(release: Release) -> dict[str, list[Manifest]]:
    if not is_fetched(release):
        raise TrainstackError(
            f"the manifests of {release.title} are not on this machine; "
            f"run: trainstack operators fetch {release.title}"
        )
    content: dict[str, list[Manifest]] = json.loads(parsed_file(release).read_text())
    return content
