"""Builds with a Docker daemon, where one answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .pip_settings import write_secrets
from .progress import Progress
from .recipe import DOCKER_BASE, Recipe

ARCHIVE_SECONDS = 20


def daemon_answers() -> bool:
    """Whether `docker build` would work."""
    if not shutil.which("docker"):
        return False
    try:
        done = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class Docker:
    """docker build and save; layers stay in the daemon's own cache."""

    def steps(self, recipe: Recipe) -> int:
        """How many steps `build` takes."""
        return 1 + len(recipe.below())

    def build(self, recipe: Recipe, archive: Path, progress: Progress) -> None:
        """Build the recipe and those below it, and write the image's archive."""
        for one in recipe.below():
            self._build(one, progress)
        tag = recipe.tag(DOCKER_BASE)
        with progress.step("archive", ARCHIVE_SECONDS):
            progress.run(["docker", "save", "--output", archive, tag])

    def _build(self, recipe: Recipe, progress: Progress) -> None:
        tag = recipe.tag(DOCKER_BASE)
        with (
            progress.step(f"image {recipe.name}", recipe.seconds),
            tempfile.TemporaryDirectory() as folder,
        ):
            context, secrets = Path(folder, "context"), Path(folder, "secrets")
            recipe.stage(context)
            progress.run(
                [
                    *("docker", "build", "--tag", tag),
                    *recipe.build_args(DOCKER_BASE, DOCKER_BASE),
                    *write_secrets(secrets),
                    *("--file", context / recipe.dockerfile, context),
                ],
                {**os.environ, "DOCKER_BUILDKIT": "1"},
            )
