"""Where built tools and Go's own caches lie."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def cache_root() -> Path:
    """The folder outside every clone that all trainstack caches share."""
    own = os.environ.get("TRAINSTACK_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    base = Path(shared) if shared else Path.home() / ".cache"
    return base.expanduser().absolute() / "trainstack"


def tools_root() -> Path:
    """Where built tools lie, one folder a tool and key."""
    return cache_root() / "tools"


def go_root() -> Path:
    """Go's module and build caches of our own, dropped once every tool is there."""
    return cache_root() / "go"


def drop_go_caches() -> None:
    """Only with the build lock held."""
    shutil.rmtree(go_root(), ignore_errors=True)


def size(folder: Path) -> int:
    """Bytes below a folder; files that vanish meanwhile count nothing."""
    total = 0
    pending = [folder]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                try:
                    total += entry.stat(follow_symlinks=False).st_size
                except OSError:
                    continue
    return total
