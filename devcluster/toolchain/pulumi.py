"""Where Pulumi looks for its parts."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .cache import tools_root
from .store import Built

PROVIDER = "pulumi-resource-kubernetes"
PARTS = ("pulumi", "pulumi-language-python", PROVIDER)


def bundle(parts: Sequence[Built]) -> Path:
    """One folder with Pulumi's parts; hard links, as it looks beside its resolved path."""
    names = " ".join(sorted(part.folder.name for part in parts))
    folder = tools_root() / f"pulumi-path-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        for path in part.bin.iterdir():
            _link(path, folder / path.name)
    return folder


def install_plugin(provider: Built, pulumi_home: Path) -> None:
    """What `pulumi plugin install` does, without a second copy of the provider."""
    folder = pulumi_home / "plugins" / f"resource-kubernetes-v{provider.tool.version}"
    folder.mkdir(parents=True, exist_ok=True)
    _link(provider.bin / PROVIDER, folder / PROVIDER)


def _link(source: Path, target: Path) -> None:
    """A hard link, or a copy on another disk; whole at once, as others may look meanwhile."""
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        shutil.copy2(source, temporary)
    temporary.replace(target)
