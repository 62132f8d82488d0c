"""How an image is built, and the key that follows from it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PREFIX = "localhost/trainstack"
SUITE = "bookworm"
BASE_PACKAGES = ("ca-certificates", "python3")
DOCKER_BASE = "python:3.11-slim-bookworm"
LEFT_OUT = ("__pycache__", ".egg-info", ".in")


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile, the files it copies, and the recipes it starts from or copies from."""

    name: str
    copies: tuple[str, ...]
    seconds: int
    parent: str | None = None
    """The recipe that it starts from; None for the plain system."""
    uses: Mapping[str, str] = field(default_factory=dict)
    """Build arguments that stand for other recipes' images."""
    args: Mapping[str, str] = field(default_factory=dict)
    """Other build arguments."""
    folder: str | None = None
    """Where the Dockerfile is; default: the name."""

    @property
    def dockerfile(self) -> str:
        """Its path in the build context."""
        return f"{self.folder or self.name}/Dockerfile"

    def files(self) -> Iterator[Path]:
        """Everything the build reads, relative to the context."""
        for item in sorted({self.dockerfile, *self.copies}):
            for path in sorted((HERE / item).rglob("*")) or [HERE / item]:
                relative = path.relative_to(HERE)
                if path.is_file() and not any(part.endswith(LEFT_OUT) for part in relative.parts):
                    yield relative

    def key(self, base: str) -> str:
        """Hash of all that the image depends on here; `base` names the plain system."""
        digest = hashlib.sha256()
        below = RECIPES[self.parent].key(base) if self.parent else base
        used = {argument: RECIPES[name].key(base) for argument, name in self.uses.items()}
        digest.update(f"{self.name}\0{below}\0{used}\0{self.args}".encode())
        for path in self.files():
            content = (HERE / path).read_bytes()
            executable = (HERE / path).stat().st_mode & 0o100
            digest.update(f"{path}\0{executable}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:16]

    def below(self) -> list[Recipe]:
        """What has to be built before, in order, itself last."""
        names = [*self.uses.values(), *([self.parent] if self.parent else [])]
        found = [recipe for name in names for recipe in RECIPES[name].below()]
        return list({recipe.name: recipe for recipe in (*found, self)}.values())

    def build_args(self, base: str, first: str) -> list[str]:
        """Options of the build; `first` is the plain system's tag."""
        said = {
            "BASE": RECIPES[self.parent].tag(base) if self.parent else first,
            **{argument: RECIPES[name].tag(base) for argument, name in self.uses.items()},
            **self.args,
        }
        pairs = [f"{name}={value}" for name, value in said.items()]
        return [word for pair in pairs for word in ("--build-arg", pair)]

    def tag(self, base: str) -> str:
        """The image's name and key."""
        return f"{PREFIX}/{self.name}:{self.key(base)}"

    def stage(self, folder: Path) -> None:
        """Copy the build context, and nothing else, into a folder."""
        for path in self.files():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / path, folder / path)


PIP = "pytorch/pip-install.sh"
PARTS = "-parts"
"""Ends the name of an image that has no launch runtime yet."""


def _parts(
    name: str,
    copies: tuple[str, ...],
    seconds: int,
    *,
    below: str = "base",
    folder: str | None = None,
    uses: Mapping[str, str] | None = None,
    **args: str,
) -> Recipe:
    """An image without the launch runtime, on another one; `args` are build arguments."""
    return Recipe(
        f"{name}{PARTS}", copies, seconds, f"{below}{PARTS}", uses or {}, args, folder or name
    )


def _wheel(framework: str, *copies: str, variant: str = "cpu") -> Recipe:
    """Horovod's wheel, which is copied from; `copies` is what installs the framework."""
    return Recipe(
        f"horovod-wheel-{framework}{'' if variant == 'cpu' else f'-{variant}'}",
        ("horovod-wheel", PIP, *copies),
        400,
        args={"FRAMEWORK": framework, "VARIANT": variant},
        folder="horovod-wheel",
    )


def _horovod(name: str, *, below: str, wheel: str) -> Recipe:
    """Horovod on an image with its framework, from the wheel for that."""
    copies, uses = ("horovod", "mpi/ssh.conf", PIP), {"WHEEL": f"horovod-wheel-{wheel}"}
    return _parts(name, copies, 30, below=below, folder="horovod", uses=uses)


def _with_runtime(name: str) -> Recipe:
    """The image as it is used: the launch runtime comes last, above all that takes long."""
    parts, python = f"{name}{PARTS}", {"PYTHON": f"base{PARTS}"}
    return Recipe(name, ("runtime", PIP), 10, parts, python, folder="runtime")


_MPI, _TENSORFLOW, _QUICKSTART = ("mpi", PIP), ("tensorflow", PIP), ("quickstart", PIP)
_CPU_TORCH = ("pytorch/cuda_stubs.py", "pytorch/requirements.txt", "pytorch/torch.txt")
_CPU_TENSORFLOW = ("tensorflow/requirements.txt",)
_RECIPES = (
    Recipe(f"base{PARTS}", (), 10, folder="base"),
    _parts("mpi", _MPI, 60, MPI="openmpi4"),
    _parts("mpi-openmpi5", _MPI, 60, folder="mpi", MPI="openmpi5"),
    _parts("mpi-mpich", _MPI, 60, folder="mpi", MPI="mpich"),
    _parts("mpi-intel", _MPI, 60, folder="mpi", MPI="intel"),
    _parts("pytorch", ("pytorch",), 60),
    _parts("pytorch-cuda", ("pytorch",), 300, folder="pytorch", VARIANT="cuda"),
    _parts("tensorboard", ("tensorboard", PIP), 40),
    _parts("tensorflow", _TENSORFLOW, 90),
    _parts("tensorflow-cuda", _TENSORFLOW, 300, folder="tensorflow", VARIANT="cuda"),
    _parts("quickstart", _QUICKSTART, 25, below="pytorch"),
    _parts("quickstart-cuda", _QUICKSTART, 25, below="pytorch-cuda", folder="quickstart"),
    _wheel("pytorch", *_CPU_TORCH),
    _wheel("pytorch", *_CPU_TORCH, variant="cuda"),
    _wheel("tensorflow", *_CPU_TENSORFLOW),
    _wheel("tensorflow", *_CPU_TENSORFLOW, variant="cuda"),
    _horovod("horovod", below="quickstart", wheel="pytorch"),
    _horovod("horovod-cuda", below="quickstart-cuda", wheel="pytorch-cuda"),
    _horovod("horovod-tensorflow", below="tensorflow", wheel="tensorflow"),
    _horovod("horovod-tensorflow-cuda", below="tensorflow-cuda", wheel="tensorflow-cuda"),
)
IMAGES = tuple(
    recipe.name.removesuffix(PARTS) for recipe in _RECIPES if recipe.name.endswith(PARTS)
)
"""What can be built by name; those that end with `-cuda` are for nodes with GPUs."""
RECIPES = {recipe.name: recipe for recipe in (*_RECIPES, *map(_with_runtime, IMAGES))}


def debian_base() -> str:
    """Names the plain system that is made here."""
    packages = " ".join(BASE_PACKAGES)
    return hashlib.sha256(f"{SUITE} {packages} 1".encode()).hexdigest()[:16]


def bases() -> tuple[str, str]:
    """What images may start from: made here, or pulled by Docker."""
    return debian_base(), DOCKER_BASE
