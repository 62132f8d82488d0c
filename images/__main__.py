"""`python -m images`: build and list."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from .build import Image, ensure, find, images_root
from .buildah import Buildah
from .errors import ImageError
from .progress import Progress
from .recipe import IMAGES

CPU_IMAGES = tuple(name for name in IMAGES if not name.endswith("-cuda"))


def main(words: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build images unless they are in the cache")
    build.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(IMAGES)}; or all CPU ones"
    )
    build.add_argument("--output", type=Path, help="also copy the archives into this folder")
    commands.add_parser("list", help="the images and their archives")
    commands.add_parser("clean", help="remove the layers kept for the next build")
    buildah = commands.add_parser("buildah", help="run buildah on the storage of these images")
    buildah.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args(words)
    if options.command == "list":
        return _list()
    if options.command == "clean":
        Buildah(images_root() / "buildah").drop_layers()
        return 0
    try:
        if options.command == "buildah":
            return _buildah(options.words)
        for name in options.names or CPU_IMAGES:
            _show(ensure(name), options.output)
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _buildah(words: list[str]) -> int:
    root = images_root() / "buildah"
    builder = Buildah(root)
    builder.prepare(Progress(root.with_suffix(".log"), 0))
    command, env = builder.command(words)
    return subprocess.run(command, env=env, check=False).returncode


def _show(image: Image, output: Path | None) -> None:
    tar = image.tar
    if output:
        output.mkdir(parents=True, exist_ok=True)
        tar = Path(shutil.copy2(tar, output))
    print(f"{image.tag}\n{tar}\n{image.size / 1e6:,.0f} MB")


def _list() -> int:
    for name in IMAGES:
        image = find(name)
        print(f"{name:<24} {f'{image.size / 1e6:,.0f} MB  {image.tag}' if image else 'not built'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
