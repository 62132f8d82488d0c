"""The git repository that a project lies in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType
from typing import NoReturn

from ..spec.model import TrainstackError

_MARK = "trainstack-worktree-"


class Repository:
    """The repository that `folder` is in.

    Raises `TrainstackError` when it is in none, or git is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = self._git("rev-parse", "--show-prefix")
        if found.returncode:
            raise TrainstackError(f"{folder}: not in a git repository; commits are not known here")
        self.prefix = Path(found.stdout.strip())
        """The folder within the repository."""

    def commit(self, name: str) -> str | None:
        """The whole id of what git knows by this name, or None."""
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return found.stdout.strip() or None

    def title(self, commit: str) -> str:
        """The first line of a commit's message."""
        return self._git("log", "-1", "--format=%s", commit).stdout.strip()

    def file(self, commit: str, path: Path) -> str | None:
        """The content of a file beside or below the folder at a commit, or None."""
        found = self._git("show", f"{commit}:{(self.prefix / path).as_posix()}")
        return None if found.returncode else found.stdout

    @contextmanager
    def worktree(self, commit: str) -> Iterator[Path]:
        """The folder as it was at a commit, for as long as the block runs.

        It goes with the block, also by Ctrl-C or SIGTERM; what a killed process left is removed
        by the next call. Submodules are not in it.
        """
        self._remove_abandoned()
        place = Path(mkdtemp(prefix=f"{_MARK}{os.getpid()}-")).resolve()
        try:
            with _terminable():
                self._add(place, commit)
                yield place / self.prefix
        finally:
            self._remove(place)

    def _add(self, place: Path, commit: str) -> None:
        hooks = ("-c", "core.hooksPath=/dev/null")
        done = self._git(*hooks, "worktree", "add", "--quiet", "--detach", str(place), commit)
        if done.returncode:
            raise TrainstackError(f"git worktree add: {done.stderr.strip()}")
        if not (place / self.prefix).is_dir():
            raise TrainstackError(f"{self.prefix}: not there at commit {commit[:10]}")

    def _remove(self, place: Path) -> None:
        self._git("worktree", "remove", "--force", str(place))
        shutil.rmtree(place, ignore_errors=True)
        self._git("worktree", "prune")

    def _remove_abandoned(self) -> None:
        for line in self._git("worktree", "list", "--porcelain").stdout.splitlines():
            place = Path(line.removeprefix("worktree "))
            pid = place.name.removeprefix(_MARK).partition("-")[0]
            if place.name.startswith(_MARK) and not _runs(int(pid)):
                self._remove(place)

    def _git(self, *words: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ("git", *words), cwd=self._folder, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            missing = "git: not found on PATH" if self._folder.is_dir() else None
            raise TrainstackError(missing or f"{self._folder}: no such folder") from None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM unwinds the stack as Ctrl-C does."""

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
