"""Where fetched releases lie: a cache of the user's, shared by all projects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .release import Release


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`TRAINSTACK_CACHE`, or `trainstack` in `XDG_CACHE_HOME`, or in `~/.cache`."""
    if own := environ.get("TRAINSTACK_CACHE"):
        return Path(own).expanduser()
    shared = environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "trainstack"


def release_folder(release: Release) -> Path:
    """The folder of a release, whether it has been fetched or not."""
    return cache_root() / "operators" / f"{release.name}-{release.version}"


def parsed_file(release: Release) -> Path:
    """The release's manifests once more, parsed: reading them is a matter of milliseconds."""
    return release_folder(release) / f"parsed-{release.digest[:12]}.json"


def is_fetched(release: Release) -> bool:
    """Tell whether the release is in the cache; it appears at once and whole."""
    return parsed_file(release).is_file()
