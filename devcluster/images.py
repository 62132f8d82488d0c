"""The images that the cluster starts with, made of the built binaries."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from .archive import Entry, Recipe
from .command import run
from .programs import Programs
from .toolchain import Toolchain
from .toolchain.cache import cache_root

PREFIX = "localhost/trainstack"
PAUSE = f"{PREFIX}/pause:1"
COREDNS = f"{PREFIX}/coredns:v1.12.4"
TRAINING_OPERATOR = f"{PREFIX}/training-operator:v1.9.4"
MPI_OPERATOR = f"{PREFIX}/mpi-operator:v0.8.2"
KUEUE = f"{PREFIX}/kueue:v0.14.0"
BUSYBOX = f"{PREFIX}/busybox:1.35"
NONROOT = "65532:65532"
# Busybox's own fails for a short name unless every name of the search list is found.
NSLOOKUP = """\
#!/bin/sh
answer=$(busybox nslookup "$@" 2>&1)
code=$?
printf '%s\\n' "$answer"
case $answer in *Name:*) exit 0 ;; esac
exit $code
"""


def recipes(tools: Toolchain, programs: Programs) -> Iterator[Recipe]:
    """What is made of the tools."""
    yield Recipe(
        PAUSE, {"pause": Entry(source=tools.binary("pause"))}, ["/pause"], user="65535:65535"
    )
    yield Recipe(
        COREDNS, {"coredns": Entry(source=tools.binary("coredns"))}, ["/coredns"], user=NONROOT
    )
    yield busybox(programs)
    yield operator(TRAINING_OPERATOR, tools.binary("training-operator"))
    yield operator(MPI_OPERATOR, tools.binary("mpi-operator"), "opt/mpi-operator")


def operator(image: str, binary: Path, path: str = "manager") -> Recipe:
    """An operator's image: its program, at the path at which its manifests start it."""
    return Recipe(image, {path: Entry(source=binary)}, [f"/{path}"], user=NONROOT)


def busybox(programs: Programs) -> Recipe:
    """A shell and everything that comes with it, as links to one program."""
    applets = run([programs.busybox, "--list"]).split()
    links = {f"bin/{name}": Entry(link="busybox") for name in applets if name != "busybox"}
    program = {"bin/busybox": Entry(source=programs.busybox.resolve())}
    # Debian's busybox, as a shell, never looks for a command that it has itself.
    shell = {"bin/bash": Entry(source=programs.bash.resolve()), "bin/sh": Entry(link="bash")}
    home = {"root": Entry(mode=0o700), "home/nonroot": Entry(mode=0o777)}
    nslookup = {"bin/nslookup": Entry(text=NSLOOKUP)}
    return Recipe(BUSYBOX, {**links, **program, **shell, **nslookup, **home}, command=["sh"])


def make_archive(recipe: Recipe) -> Path:
    """The recipe's archive in the cache, written if it is not there yet."""
    folder = cache_root() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    short = recipe.name.removeprefix(f"{PREFIX}/").replace(":", "-")
    path = folder / f"{short}-{_key(recipe)}.tar"
    if not path.exists():
        for outdated in folder.glob(f"{short}-*.tar"):
            outdated.unlink(missing_ok=True)
        recipe.write(path, os.uname().machine)
    return path


def _key(recipe: Recipe) -> str:
    """Of the recipe and of the files it is made of, by path, size and time."""
    described = repr((recipe.name, recipe.entrypoint, recipe.command, recipe.user))
    for name, entry in sorted(recipe.entries.items()):
        described += repr((name, entry.text, entry.link, entry.mode, str(entry.source)))
        if entry.source:
            stat = entry.source.stat()
            described += repr((stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(described.encode()).hexdigest()[:16]
