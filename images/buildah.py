"""Builds without a daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .debian import Tools, base_command
from .pip_settings import write_secrets
from .progress import Progress
from .recipe import PREFIX, Recipe, debian_base

BASE_SECONDS = 50
TOOLS_SECONDS = 10
ARCHIVE_SECONDS = 10
MOST_LAYERS = 20_000_000_000
SANDBOX = """
set -e
while [ "$1" != -- ]; do mount -t overlay overlay -o "ro,lowerdir=$2:$1" "$1"; shift 2; done
shift
exec "$@"
"""


class Buildah:
    """buildah with storage of its own below `root`, its layers kept for the next build."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tools = Tools(root / "tools")

    def steps(self, recipe: Recipe) -> int:
        """How many steps `build` takes at most."""
        return 3 + len(recipe.below())

    def build(self, recipe: Recipe, archive: Path, progress: Progress) -> None:
        """Build the recipe and those below it, and write the image's archive."""
        if (self._root / "storage").exists() and _size(self._root / "storage") > MOST_LAYERS:
            self.drop_layers()
        with progress.step("build tools", TOOLS_SECONDS):
            self.prepare(progress)
        with progress.step("base system", BASE_SECONDS):
            base = self._base(progress)
        for one in recipe.below():
            if not self._has(one.tag(debian_base())):
                self._build(one, base, progress)
        tag = recipe.tag(debian_base())
        with progress.step("archive", ARCHIVE_SECONDS):
            self._buildah(progress, "push", "--quiet", tag, f"docker-archive:{archive}:{tag}")

    def _has(self, tag: str) -> bool:
        """Whether the storage has the image, whose name says all that is in it."""
        command, env = self.command(["inspect", "--type=image", "--format={{.FromImageID}}", tag])
        return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0

    def _base(self, progress: Progress) -> str:
        tag = f"{PREFIX}/debian:{debian_base()}"
        if self._has(tag):
            return tag
        archive = self._root / f"base-{debian_base()}.tar"
        if not archive.exists():
            new = archive.with_suffix(".new.tar")
            command = base_command(self._tools.path("mmdebstrap"), new)
            progress.run(self._sandboxed(command, {}), self._env())
            new.rename(archive)
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            os.link(archive, f"{folder}/base.tar")
            Path(folder, "Dockerfile").write_text('FROM scratch\nADD base.tar /\nCMD ["sh"]\n')
            self._buildah(progress, "bud", "--layers", "--timestamp=0", "--tag", tag, folder)
        return tag

    def _build(self, recipe: Recipe, base: str, progress: Progress) -> None:
        tag = recipe.tag(debian_base())
        with (
            progress.step(f"image {recipe.name}", recipe.seconds),
            tempfile.TemporaryDirectory(dir=self._root) as folder,
        ):
            context, secrets = Path(folder, "context"), Path(folder, "secrets")
            recipe.stage(context)
            self._buildah(
                progress,
                *("bud", "--layers", "--tag", tag, *recipe.build_args(debian_base(), base)),
                *write_secrets(secrets),
                *("--file", str(context / recipe.dockerfile), str(context)),
            )

    def prepare(self, progress: Progress) -> None:
        """Fetch the tools when they are missing."""
        self._root.mkdir(parents=True, exist_ok=True)
        if not self._tools.ready:
            self._tools.fetch(progress)

    def command(self, words: Sequence[str]) -> tuple[list[str | Path], dict[str, str]]:
        """buildah with our storage, once it is prepared: the command line and its environment."""
        return self._sandboxed(self._line(words), self._tools.overlays()), self._env()

    def drop_layers(self) -> None:
        """Forget all layers; the next build is a cold one."""
        for folder in ("storage", "run", "tmp"):
            shutil.rmtree(self._root / folder, ignore_errors=True)

    def run(self, archive: Path, command: Sequence[str], progress: Progress) -> None:
        """Run a command in a container of the image, as its user, and remove the container."""
        self.prepare(progress)
        with self._container(archive, progress) as name:
            self._buildah(progress, "run", "--isolation=chroot", name, "--", *command)

    @contextmanager
    def _container(self, archive: Path, progress: Progress) -> Iterator[str]:
        name = f"trainstack-{os.getpid()}"
        self._buildah(progress, "from", "--quiet", "--name", name, f"docker-archive:{archive}")
        try:
            yield name
        finally:
            self._buildah(progress, "rm", name)

    def _buildah(self, progress: Progress, *words: str) -> None:
        progress.run(*self.command(words))

    def _line(self, words: Sequence[str]) -> list[str | Path]:
        return [
            self._tools.path("buildah"),
            *("--root", str(self._root / "storage"), "--runroot", str(self._root / "run")),
            *("--storage-driver", "overlay"),
            *words,
        ]

    def _env(self) -> dict[str, str]:
        scratch = self._root / "tmp"
        scratch.mkdir(exist_ok=True)
        path = f"{self._tools.path('mmdebstrap').parent}:{os.environ['PATH']}"
        return {**os.environ, "BUILDAH_ISOLATION": "chroot", "PATH": path, "TMPDIR": str(scratch)}

    @staticmethod
    def _sandboxed(command: Sequence[str | Path], overlays: dict[str, Path]) -> list[str | Path]:
        """In namespaces of its own, so that neither mounts nor processes outlive the command."""
        pairs = [word for place, ours in overlays.items() for word in (place, str(ours))]
        spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        return [
            *("unshare", *spaces, "--mount-proc"),
            *("sh", "-c", SANDBOX, "sh", *pairs, "--", *command),
        ]


def _size(folder: Path) -> int:
    """Bytes on disk."""
    listed = subprocess.run(
        ["du", "--summarize", "--block-size=1", folder], capture_output=True, text=True, check=True
    )
    return int(listed.stdout.split()[0])
