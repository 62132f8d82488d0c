"""What goes into each image, and the key that follows from it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PREFIX = "localhost/trainstack"
SUITE = "bookworm"
BASE_PACKAGES = ("ca-certificates", "python3")
DOCKER_BASE = "python:3.11-slim-bookworm"
LEFT_OUT = ("__pycache__", ".egg-info", ".in")


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile, the files it copies, and the recipe it starts from."""

    name: str
    copies: tuple[str, ...]
    seconds: int
    parent: str | None = None
    uses: tuple[str, ...] = ()
    """Recipes of which something is copied; build argument `WHEEL` for `<name>-wheel`."""

    @property
    def dockerfile(self) -> str:
        """Its path in the build context."""
        return f"{self.name}/Dockerfile"

    def files(self) -> Iterator[Path]:
        """Everything the build reads, relative to the context."""
        for item in sorted({self.dockerfile, *self.copies}):
            for path in sorted((HERE / item).rglob("*")) or [HERE / item]:
                relative = path.relative_to(HERE)
                if path.is_file() and not any(part.endswith(LEFT_OUT) for part in relative.parts):
                    yield relative

    def key(self, base: str) -> str:
        """Hash of all that the image depends on here; `base` names what lies below."""
        digest = hashlib.sha256()
        below = RECIPES[self.parent].key(base) if self.parent else base
        used = "".join(RECIPES[name].key(base) for name in self.uses)
        digest.update(f"{self.name}\0{below}\0{used}".encode())
        for path in self.files():
            content = (HERE / path).read_bytes()
            executable = (HERE / path).stat().st_mode & 0o100
            digest.update(f"{path}\0{executable}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:16]

    def below(self) -> list[Recipe]:
        """What has to be built before, in order, itself last."""
        names = [*self.uses, *([self.parent] if self.parent else [])]
        found = [recipe for name in names for recipe in RECIPES[name].below()]
        return list(dict.fromkeys([*found, self]))

    def build_args(self, base: str, first: str) -> list[str]:
        """Options of the build: the tags of what it starts from, and of what it copies."""
        start = RECIPES[self.parent].tag(base) if self.parent else first
        wheels = [f"WHEEL={RECIPES[name].tag(base)}" for name in self.uses]
        return [word for said in (f"BASE={start}", *wheels) for word in ("--build-arg", said)]

    def tag(self, base: str) -> str:
        """The image's name and key."""
        return f"{PREFIX}/{self.name}:{self.key(base)}"

    def stage(self, folder: Path) -> None:
        """Copy the build context, and nothing else, into a folder."""
        for path in self.files():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / path, folder / path)


TORCH = ("pytorch/requirements.txt", "pytorch/torch.txt")

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("mpi", ("mpi", "runtime", "pytorch/pip-install.sh"), 60),
        Recipe("pytorch", ("pytorch", "runtime"), 60),
        Recipe("tensorflow", ("tensorflow", "runtime", "pytorch/pip-install.sh"), 90),
        Recipe("quickstart", ("quickstart", "pytorch/pip-install.sh"), 25, parent="pytorch"),
        Recipe(
            "horovod-wheel",
            ("horovod-wheel", "pytorch/cuda_stubs.py", "pytorch/pip-install.sh", *TORCH),
            400,
        ),
        Recipe(
            "horovod",
            ("horovod", "mpi/ssh.conf", "pytorch/pip-install.sh"),
            30,
            parent="quickstart",
            uses=("horovod-wheel",),
        ),
    )
}


def debian_base() -> str:
    """Names the base system that is made here."""
    packages = " ".join(BASE_PACKAGES)
    return hashlib.sha256(f"{SUITE} {packages} 1".encode()).hexdigest()[:16]


def bases() -> tuple[str, str]:
    """What images may start from: made here, or pulled by Docker."""
    return debian_base(), DOCKER_BASE
