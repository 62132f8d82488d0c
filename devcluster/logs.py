"""The components' logs: rotated by a small logger each, so that they never grow for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from .errors import DevClusterError
from .health import endpoints
from .settings import Settings

FILE_SIZE = 4_000_000
OLD_FILES = 3


def logger(settings: Settings, svlogd: Path, name: str) -> list[str]:
    """The command that keeps a component's log within bounds."""
    folder = settings.logs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(f"s{FILE_SIZE}\nn{OLD_FILES}\n")
    return [str(svlogd), str(folder)]


def read(settings: Settings, name: str, follow: bool = False) -> Iterator[str]:
    """A component's lines, oldest first, and with `follow` those that come."""
    if name not in endpoints(settings):
        names = ", ".join(endpoints(settings))
        raise DevClusterError(f"There is no component {name!r}; the components are {names}.")
    folder = settings.logs / name
    if not (folder / "current").exists():
        raise DevClusterError(f"There are no logs of {name} in {settings.logs}.")
    for old in sorted(folder.glob("@*")):
        yield from old.read_text(errors="replace").splitlines()
    yield from _current(folder / "current", follow)


def last_line(settings: Settings, name: str) -> str:
    """The last thing that a component said."""
    try:
        lines = (settings.logs / name / "current").read_text(errors="replace").splitlines()
    except OSError:
        return "nothing"
    return lines[-1][:400] if lines else "nothing"


def _current(path: Path, follow: bool) -> Iterator[str]:
    while True:
        with path.open(errors="replace") as file:
            inode = path.stat().st_ino
            while True:
                line = file.readline()
                if line:
                    yield line.rstrip("\n")
                elif not follow:
                    return
                elif not path.exists() or path.stat().st_ino != inode:
                    break
                else:
                    time.sleep(0.2)
        if not path.parent.exists():
            return
