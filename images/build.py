"""Finds an image's archive in the cache, or builds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .buildah import Buildah
from .debian import is_root
from .docker import Docker, daemon_answers
from .errors import ImageError
from .progress import Progress
from .recipe import DOCKER_BASE, IMAGES, RECIPES, Recipe, bases, debian_base

KEPT = 2


@dataclass(frozen=True)
class Image:
    """A built image: its name and the archive that `load-image` and `docker load` take."""

    tag: str
    tar: Path

    @property
    def size(self) -> int:
        """Bytes of the archive."""
        return self.tar.stat().st_size


def images_root() -> Path:
    """Where archives lie, outside every checkout."""
    own = os.environ.get("TRAINSTACK_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(own).expanduser() if own else Path(shared).expanduser() / "trainstack"
    return root.absolute() / "images"


def find(name: str) -> Image | None:
    """The image as these sources describe it, if it was built before."""
    recipe = _recipe(name)
    for base in bases():
        tar = _tar(recipe, base)
        if tar.exists():
            return Image(recipe.tag(base), tar)
    return None


def ensure(name: str) -> Image:
    """The image as these sources describe it, built when it is not in the cache.

    >>> ensure("quickstart").tag  # doctest: +SKIP
    'localhost/trainstack/quickstart:…'
    """
    recipe = _recipe(name)
    if found := find(name):
        return found
    images_root().mkdir(parents=True, exist_ok=True)
    with _lock():
        return find(name) or _build(recipe)


def _build(recipe: Recipe) -> Image:
    builder: Docker | Buildah
    if daemon_answers():
        base, builder = DOCKER_BASE, Docker()
    elif is_root():
        base, builder = debian_base(), Buildah(images_root() / "buildah")
    else:
        raise ImageError("building images takes root, or a Docker daemon that answers")
    tar = _tar(recipe, base)
    log = tar.with_suffix(".log")
    log.unlink(missing_ok=True)
    new = tar.with_suffix(".new")
    new.unlink(missing_ok=True)
    builder.build(recipe, new, Progress(log, builder.steps(recipe)))
    new.rename(tar)
    _drop_outdated(recipe)
    return Image(recipe.tag(base), tar)


def _recipe(name: str) -> Recipe:
    if name not in IMAGES:
        raise ImageError(f"no image is called {name!r}; there are {', '.join(IMAGES)}")
    return RECIPES[name]


def _tar(recipe: Recipe, base: str) -> Path:
    return images_root() / f"{recipe.name}-{recipe.key(base)}.tar"


def _drop_outdated(recipe: Recipe) -> None:
    own = f"{recipe.name}-{'[0-9a-f]' * 16}"
    archives = images_root().glob(f"{own}.tar")
    for outdated in sorted(archives, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        outdated.unlink()
    for log in images_root().glob(f"{own}.log"):
        log.unlink()


@contextmanager
def _lock() -> Iterator[None]:
    with (images_root() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
