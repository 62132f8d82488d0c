"""Runs the commands that build, and push or load, an image."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .context import Context

_LAST_LINES = 25


class BuildError(RuntimeError):
    """A command failed, or none is there; the message is for the user."""


def build(props: Mapping[str, Any]) -> str:
    """Build what a local image's properties say; gives the digest.

    Raises `BuildError` that tells the failed command's last lines.
    """
    tool = _tool()
    with tempfile.TemporaryDirectory(prefix="trainstack-image-") as name:
        folder = Path(name)
        context = Context.read(Path(props["context"]), props["dockerfile"]).stage(
            folder / "context"
        )
        settings = _settings(props)
        if context.key(settings) != props["tag"]:
            raise BuildError(
                f"{props['context']}: a file has changed since this `pulumi up` began; run it again"
            )
        reference = props["reference"]
        tool.build(context, reference, settings)
        if props.get("load") is None:
            return tool.push(reference, folder)
        digest = tool.save(reference, folder / "image.tar")
        run([*props["load"], str(folder / "image.tar")])
        return digest


def _settings(props: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of the build; the engine leaves out what is None."""
    return {
        "build_args": props["build_args"],
        "platform": props["platform"],
        "target": props.get("target"),
    }


class Tool(ABC):
    """A command that builds images."""

    def __init__(self, program: str) -> None:
        self.program = program

    def build(self, context: Context, reference: str, settings: Mapping[str, Any]) -> None:
        """Build the context."""
        words = ["build", "--tag", reference, "--platform", settings["platform"]]
        words += ["--file", str(context.folder / context.dockerfile)]
        for name, value in sorted(settings["build_args"].items()):
            words += ["--build-arg", f"{name}={value}"]
        if settings["target"] is not None:
            words += ["--target", settings["target"]]
        run([self.program, *words, *self.options, str(context.folder)])

    options: tuple[str, ...] = ()

    @abstractmethod
    def push(self, reference: str, scratch: Path) -> str:
        """Push to the registry; gives the digest."""

    @abstractmethod
    def save(self, reference: str, archive: Path) -> str:
        """Write an archive; gives the digest."""


class Buildah(Tool):
    """buildah, which needs no daemon."""

    options = ("--layers",)

    def push(self, reference: str, scratch: Path) -> str:
        """Push to the registry; gives the digest."""
        return self._copy(reference, f"docker://{reference}", scratch / "digest")

    def save(self, reference: str, archive: Path) -> str:
        """Write an archive; gives the digest."""
        return self._copy(
            reference, f"docker-archive:{archive}:{reference}", archive.with_suffix(".digest")
        )

    def _copy(self, reference: str, place: str, digest: Path) -> str:
        run([self.program, "push", "--digestfile", str(digest), reference, place])
        return digest.read_text().strip()


class Docker(Tool):
    """docker, whose daemon must answer."""

    def push(self, reference: str, scratch: Path) -> str:
        """Push to the registry; gives the digest."""
        run([self.program, "push", "--quiet", reference])
        repository = reference.rpartition(":")[0]
        known = self._inspect(reference, "{{range .RepoDigests}}{{println .}}{{end}}").split()
        for name, _, digest in (one.partition("@") for one in known):
            if name in (repository, _short(repository)):
                return digest
        raise BuildError(f"docker knows no digest of {repository} after the push: {known}")

    def save(self, reference: str, archive: Path) -> str:
        """Write an archive; gives the digest."""
        run([self.program, "save", "--output", str(archive), reference])
        return self._inspect(reference, "{{.Id}}")

    def _inspect(self, reference: str, form: str) -> str:
        return run([self.program, "image", "inspect", "--format", form, reference]).strip()


def _short(repository: str) -> str:
    """The repository as docker shows it, which leaves Docker Hub's host out."""
    return repository.removeprefix("docker.io/").removeprefix("library/")


def _tool() -> Tool:
    if program := shutil.which("buildah"):
        return Buildah(program)
    if program := shutil.which("docker"):
        return Docker(program)
    raise BuildError("neither buildah nor docker is on PATH; builder='local' needs one of them")


def run(command: Sequence[str]) -> str:
    """The command's output.

    Raises `BuildError` when it fails.
    """
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_LAST_LINES:]
        raise BuildError(
            f"`{' '.join(command)}` ended with exit code {done.returncode}:\n" + "\n".join(lines)
        )
    return done.stdout
