"""Who started a run, as far as the environment of `pulumi up` tells."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from trainstack.started_by import started_by


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"GITHUB_ACTOR": "alice", "GITHUB_SHA": "1a2b3c4d5e6f"}, "alice at 1a2b3c4d"),
        ({"GITLAB_USER_LOGIN": "bob", "CI_COMMIT_SHA": "0f0f0f0f0f"}, "bob at 0f0f0f0f"),
    ],
)
def test_a_ci_job_tells_user_and_commit(env: dict[str, str], expected: str) -> None:
    assert started_by(env) == expected


def test_elsewhere_it_is_who_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert started_by({}) == getpass.getuser()
