"""Where a run keeps what is too large for its result."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .bucket import Bucket
from .root import root_from_env

FOLDER = "TRAINSTACK_ARTIFACTS"
ADDRESS = "TRAINSTACK_ARTIFACTS_ADDRESS"


@dataclass(frozen=True)
class Storage:
    """A folder that outlives the pod, and the address under which others find it."""

    folder: Path
    address: str

    def keep(self, name: str, content: bytes) -> str:
        """Write a file, whole or not at all; gives its address."""
        path = self._place(name)
        new = path.with_name(f".{path.name}.new")
        new.write_bytes(content)
        new.replace(path)
        return self._lasting(path)

    def take(self, name: str, path: Path) -> str:
        """Copy a file or a folder, unless it lies here already; gives its address."""
        path = path.resolve()
        if path.is_relative_to(self.folder.resolve()):
            return self._lasting(self.folder / path.relative_to(self.folder.resolve()))
        target = self._place(name)
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, target)
        return self._lasting(target)

    def address_of(self, path: Path) -> str:
        """Address of something in the folder."""
        return f"{self.address.rstrip('/')}/{path.relative_to(self.folder).as_posix()}"

    def _lasting(self, path: Path) -> str:
        """The address, once what is there lasts: a bucket's folder is a copy."""
        root = root_from_env()
        if isinstance(root, Bucket) and path.is_relative_to(root.local):
            root.put(path.relative_to(root.local).as_posix(), path)
        return self.address_of(path)

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def storage() -> Storage | None:
    """The run's, if the job was given one."""
    folder = os.environ.get(FOLDER)
    return Storage(Path(folder), os.environ.get(ADDRESS) or folder) if folder else None
