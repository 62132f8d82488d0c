"""The `trainstack` command itself."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from trainstack.cli import app


def said(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    return result.stdout


def test_its_version() -> None:
    assert said("--version") == f"trainstack {version('trainstack')}\n"


def test_what_the_groups_do() -> None:
    listed = " ".join(said("--help").split())
    assert "Fetch and list the operators' manifests." in listed
    assert "Find the policy pack's folder." in listed


@pytest.mark.parametrize(
    ("command", "flag"),
    [((), "--version"), (("render",), "--json"), (("report",), "--json")],
)
def test_a_flag_takes_no_value(command: tuple[str, ...], flag: str) -> None:
    [line] = [line for line in said(*command, "--help").splitlines() if f" {flag} " in line]
    assert "bool" not in line
