"""A git repository of a test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


class Repo:
    """A project in the folder `infra` of a repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / "infra"
        self.project.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ("git", *who, *words), cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Write `infra/<name>` with `__` for a dot, commit all, and give the commit."""
        for name, content in files.items():
            (self.project / name.replace("__", ".")).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repository")
