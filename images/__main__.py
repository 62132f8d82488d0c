"""`python -m images`: build and list."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from .build import ensure, find, images_root
from .buildah import Buildah
from .errors import ImageError
from .recipe import RECIPES


def main(words: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build an image unless it is in the cache")
    build.add_argument("name", choices=RECIPES)
    build.add_argument("--output", type=Path, help="also copy the archive into this folder")
    commands.add_parser("list", help="the images and their archives")
    commands.add_parser("clean", help="remove the layers kept for the next build")
    options = parser.parse_args(words)
    if options.command == "list":
        return _list()
    if options.command == "clean":
        Buildah(images_root() / "buildah").drop_layers()
        return 0
    try:
        image = ensure(options.name)
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    tar = image.tar
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        tar = Path(shutil.copy2(tar, options.output))
    print(f"{image.tag}\n{tar}\n{image.size / 1e6:,.0f} MB")
    return 0


def _list() -> int:
    for name in RECIPES:
        image = find(name)
        print(f"{name:<12} {f'{image.size / 1e6:,.0f} MB  {image.tag}' if image else 'not built'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
