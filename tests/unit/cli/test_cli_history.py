"""`trainstack history` and `rollback` as commands, on a recorded stack."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.recorded_history import fake_pulumi
from trainstack.cli import app

NO_COMMITS = ".: not in a git repository; commits are not known here"


@pytest.fixture(autouse=True)
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is a project, and `pulumi` tells the recorded history."""
    (tmp_path / "Pulumi.yaml").write_text("{name: shop, runtime: python}\n")
    monkeypatch.chdir(tmp_path)
    use_backend(monkeypatch, fake_pulumi(tmp_path / "bin"))
    return tmp_path


def use_backend(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_history() -> None:
    code, stdout, stderr = run("history")
    assert (code, stderr) == (0, "")
    lines = [line.replace("2026-11-26 02:04  ", "") for line in stdout.splitlines()]
    assert lines == [
        "3  update  succeeded  2bef84c925+  Ada  lower the rate",
        "    digits  restarts  06d19863 -> 54de0de3  program: train.py (67449e90) -> "
        "train.py (5119ea9a)",
        "2  update  succeeded  2bef84c925   Ada  lower the rate",
        "    digits  restarts  3ed61408 -> 06d19863  hyperparameters.lr: 0.1 -> 0.05",
        "1  update  succeeded  499c791059   Ada  train",
        "    digits  starts  3ed61408",
    ]


@pytest.mark.parametrize(("last", "numbers"), [("1", [3]), ("2", [3, 2]), ("0", [3, 2, 1])])
def test_the_last_updates_as_json(last: str, numbers: list[int]) -> None:
    code, stdout, _ = run("history", "--last", last, "--json")
    assert code == 0
    updates = json.loads(stdout)["updates"]
    assert [update["number"] for update in updates] == numbers
    assert updates[0]["commit"]["dirty"]
    assert updates[0]["changes"][0]["effect"] == "restarts"


def test_a_run_that_nothing_happened_to() -> None:
    assert run("history", "--run", "other") == (0, "no update has changed a run 'other'\n", "")


def test_a_backend_that_gives_out_no_old_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_backend(monkeypatch, fake_pulumi(tmp_path / "s3", "s3://bucket"))
    code, stdout, _ = run("history", "--json")
    assert code == 0
    assert [update["changes"] for update in json.loads(stdout)["updates"]] == [None, None, None]
    assert [bool(update["runs"]) for update in json.loads(stdout)["updates"]] == [
        True,
        False,
        False,
    ]
    said = "    what it did to runs is not known: the backend does not give out old states"
    assert run("history")[1].splitlines()[1::2] == [said] * 3


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("history", "--stack", "dev", "diff", "1", "2"), 2, "options go behind `history diff`"),
        (("history", "diff", "1", "2"), 1, NO_COMMITS),
        (("rollback", "1"), 1, NO_COMMITS),
        (("history", "--cwd", "none"), 1, "none: no such folder"),
        (("rollback", "1", "--cwd", "none"), 1, "none: no such folder"),
    ],
)
def test_mistakes(words: tuple[str, ...], code: int, message: str) -> None:
    assert run(*words) == (code, "", f"error: {message}\n")


def test_without_pulumi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert run("history") == (1, "", "error: pulumi: not found on PATH\n")


def test_what_pulumi_says_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = fake_pulumi(tmp_path / "bin")
    (folder / "pulumi").write_text('#!/bin/sh\necho "error: no stack selected" >&2\nexit 255\n')
    assert run("history") == (1, "", "error: pulumi stack: no stack selected\n")
