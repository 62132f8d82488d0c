"""Checkpoints in a folder that all pods of a run have mounted."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

WRITTEN_SECONDS = 10.0
"""For a small file that another process has just made to get its content."""


@dataclass(frozen=True)
class Volume:
    """A `Root` in a folder; what is staged is written in place."""

    folder: Path

    def names(self, folder: str) -> list[str]:
        """What lies directly in a folder; nothing where there is none."""
        try:
            found = os.listdir(self.folder / folder)  # noqa: PTH208
        except FileNotFoundError:
            return []
        return sorted(name for name in found if not name.startswith("."))

    def read(self, path: str) -> bytes | None:
        """A file, if it is there."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        target = self._place(path)
        new = target.with_name(f".{uuid.uuid4().hex}")
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
        _sync(target.parent)

    def first(self, path: str, content: bytes) -> bytes:
        """Write a file, which may not be empty, unless it is there; what is there then."""
        target = self._place(path)
        try:
            with target.open("xb") as file:
                file.write(content)
            return content
        except FileExistsError:
            deadline = time.monotonic() + WRITTEN_SECONDS
            while not (found := target.read_bytes()) and time.monotonic() < deadline:
                time.sleep(0.1)
            return found or content

    def lasting(self, folder: str) -> Path | None:
        """The folder itself."""
        return self.stage(folder)

    def stage(self, folder: str) -> Path:
        """The folder itself."""
        path = self.folder / folder
        path.mkdir(parents=True, exist_ok=True)
        return path

    def keep(self, folder: str, staged: Path) -> None:
        """Return when all of it has reached the disk."""
        for path in [*staged.rglob("*"), staged, staged.parent]:
            _sync(path)

    def drop(self, folder: str, staged: Path) -> None:
        """Forget what was staged, all of it."""
        shutil.rmtree(staged, ignore_errors=True)

    def drop_part(self, staged: Path) -> None:
        """Leave it: the others' parts are among it."""

    def fetch(self, folder: str) -> Path:
        """The folder itself."""
        return self.folder / folder

    def remove(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""
        target = self.folder / path
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def _sync(path: Path) -> None:
    """A file that another rank has already removed or renamed needs none."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
