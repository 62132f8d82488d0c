"""Is there room for a build?"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .cache import go_root, size, tools_root
from .errors import ToolchainError
from .table import expected_seconds, select
from .tool import Tool

COLD_BUILD_BYTES = 25 * 10**9


def require_space(missing: Sequence[Tool]) -> None:
    """The part of a cold build's space that the missing tools take, less what Go's caches hold."""
    needed = int(COLD_BUILD_BYTES * expected_seconds(missing) / expected_seconds(select()))
    free = shutil.disk_usage(_existing(tools_root())).free
    if free >= needed or free >= needed - size(go_root()):
        return
    raise ToolchainError(
        f"Building {', '.join(tool.name for tool in missing)} needs about {_gigabytes(needed)} "
        f"in {tools_root().parent}, where {_gigabytes(free)} are free; "
        "set TRAINSTACK_CACHE to a folder on a larger disk."
    )


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _gigabytes(count: int) -> str:
    return f"{count / 10**9:.1f} GB"
