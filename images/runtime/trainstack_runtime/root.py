"""Where the checkpoints of all runs are kept: a volume, or a bucket."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from .errors import RecoverableError

FOLDER = "TRAINSTACK_CHECKPOINT_FOLDER"
URL = "TRAINSTACK_CHECKPOINT_URL"
ENDPOINT = "TRAINSTACK_CHECKPOINT_ENDPOINT"
REGION = "TRAINSTACK_CHECKPOINT_REGION"


class StorageError(OSError, RecoverableError):
    """The storage did not do what it was asked, and may do so another time."""


class StorageRefusalError(OSError):
    """It never will: no client in the image, wrong keys, no such bucket."""


class Root(Protocol):
    """Files and folders by paths relative to the root, with '/' between the parts."""

    def names(self, folder: str) -> list[str]:
        """What lies directly in a folder; nothing where there is none."""

    def read(self, path: str) -> bytes | None:
        """A file, if it is there."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all."""

    def first(self, path: str, content: bytes) -> bytes:
        """Write a file that is not empty unless it is there; what is there then."""

    def lasting(self, folder: str) -> Path | None:
        """A local folder whose content lasts without more ado, where there is such a thing."""

    def stage(self, folder: str) -> Path:
        """A local folder for what will be in `folder`."""

    def keep(self, folder: str, staged: Path) -> None:
        """Return when all that was staged lasts."""

    def drop(self, folder: str, staged: Path) -> None:
        """Forget what was staged, all of it."""

    def drop_part(self, staged: Path) -> None:
        """Forget this rank's part of what was staged, where it lies by itself."""

    def fetch(self, folder: str) -> Path:
        """A local folder with all that is in `folder`."""

    def remove(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""


def root_from_env(env: Mapping[str, str] = os.environ) -> Root | None:
    """As trainstack tells the pod; None for a job without a checkpoint."""
    if not (folder := env.get(FOLDER)):
        return None
    if url := env.get(URL):
        from .bucket import Bucket

        return Bucket(url, Path(folder), env.get(ENDPOINT) or None, env.get(REGION) or None)
    from .volume import Volume

    return Volume(Path(folder))
