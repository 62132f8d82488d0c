"""`trainstack operators`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support import upstream
from trainstack.cli import app, operators
from trainstack.operators import release

TITLE = "training-operator@1.9.4"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty, and an invented release for the pinned one."""
    monkeypatch.setattr(release, "RELEASES", (upstream.RELEASE,))
    monkeypatch.setattr(operators, "RELEASES", (upstream.RELEASE,))
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def origin(tmp_path: Path) -> str:
    return str(upstream.write_tar(tmp_path / "release.tar.gz"))


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["operators", *words])
    return result.exit_code, result.stdout, result.stderr


def test_fetch_list_path(cache: Path, origin: str) -> None:
    folder = cache / "operators" / "training-operator-1.9.4"
    assert run("list") == (0, f"{TITLE} not fetched\n", "")
    assert run("path") == (1, f"{folder}\n", "")
    assert run("fetch", "training-operator", "--from", origin) == (0, f"{TITLE} {folder}\n", "")
    assert run("list") == (0, f"{TITLE} fetched\n", "")
    assert run("path", "training-operator") == (0, f"{folder}\n", "")


@pytest.mark.parametrize("name", ["training-operator", TITLE, "training-operator@v1.9.4"])
def test_spellings(origin: str, name: str) -> None:
    assert run("fetch", name, "--from", origin)[0] == 0


@pytest.mark.parametrize("words", [("fetch", "mpi"), ("path", "training-operator@2")])
def test_unknown(words: tuple[str, str]) -> None:
    code, stdout, stderr = run(*words)
    assert (code, stdout) == (1, "")
    assert stderr == f"error: unknown operator release '{words[1]}'; known: {TITLE}\n"


def test_bad_origin(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    said = run("fetch", "training-operator", "--from", gone)
    assert said == (1, "", f"error: {gone}: no such file or folder\n")


def test_an_origin_is_that_of_one_operator(origin: str) -> None:
    code, stdout, stderr = run("fetch", "--from", origin)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: --from: say which operator it holds")


def test_help() -> None:
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
    assert "fetch" in run("--help")[1]
