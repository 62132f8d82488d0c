"""Worktrees of old commits, and that they are always removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.unit.history.conftest import Repo
from trainstack.history.commits import Repository
from trainstack.spec.model import TrainstackError

HOLDS_ONE = """
    import sys, time
    from pathlib import Path
    from trainstack.history.commits import Repository
    with Repository(Path(sys.argv[1])).worktree("HEAD") as folder:
        print(folder, flush=True)
        time.sleep(60)
"""


def worktrees(repo: Repo) -> int:
    """How many there are besides the repository's own."""
    return repo.git("worktree", "list", "--porcelain").count("worktree ") - 1


def test_the_project_as_it_was(repo: Repo) -> None:
    old = repo.commit(a__txt="old")
    repo.commit(a__txt="new")
    (repo.project / "a.txt").write_text("not committed")
    with Repository(repo.project).worktree(old) as folder:
        assert (folder / "a.txt").read_text() == "old"
        assert folder.name == "infra"
        assert worktrees(repo) == 1
    assert not folder.exists()
    assert worktrees(repo) == 0
    assert (repo.project / "a.txt").read_text() == "not committed"


def test_it_goes_when_the_block_fails(repo: Repo) -> None:
    repo.commit(a__txt="a")
    with pytest.raises(KeyboardInterrupt), Repository(repo.project).worktree("HEAD") as folder:
        raise KeyboardInterrupt
    assert not folder.exists()
    assert worktrees(repo) == 0


def test_hooks_do_not_run(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a__txt="a")
    hook = repo.root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    with Repository(repo.project).worktree("HEAD"):
        pass
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_by_a_signal(repo: Repo, sign: signal.Signals) -> None:
    repo.commit(a__txt="a")
    running, folder = hold_one(repo)
    running.send_signal(sign)
    assert running.wait(300) != 0
    assert not folder.exists()
    assert worktrees(repo) == 0


def test_what_a_killed_process_left_goes_by_the_next_call(repo: Repo) -> None:
    repo.commit(a__txt="a")
    running, folder = hold_one(repo)
    running.kill()
    running.wait(300)
    assert folder.exists()
    with Repository(repo.project).worktree("HEAD"):
        assert not folder.exists()
        assert worktrees(repo) == 1
    assert worktrees(repo) == 0


def test_two_at_once_leave_each_other_alone(repo: Repo) -> None:
    repo.commit(a__txt="a")
    running, folder = hold_one(repo)
    with Repository(repo.project).worktree("HEAD"):
        assert folder.exists()
    running.terminate()
    running.wait(300)


def hold_one(repo: Repo) -> tuple[subprocess.Popen[str], Path]:
    """A process that has a worktree, and where that is."""
    running = subprocess.Popen(
        (sys.executable, "-c", textwrap.dedent(HOLDS_ONE), str(repo.project)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert running.stdout is not None
    with running.stdout:
        return running, Path(running.stdout.readline().strip())


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(TrainstackError, match="not in a git repository"):
        Repository(tmp_path)


def test_a_project_that_was_not_there_yet(repo: Repo) -> None:
    (repo.root / "readme").write_text("first")
    old = repo.commit()
    repo.commit(a__txt="a")
    with (
        pytest.raises(TrainstackError, match=f"infra: not there at commit {old[:10]}"),
        Repository(repo.project).worktree(old),
    ):
        pass
    assert worktrees(repo) == 0
