"""docs/cli.md tells of every command, and of nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from trainstack.cli import app

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
_SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
SECTIONS = {section.partition("\n")[0].strip("`"): section for section in _SECTIONS[1:]}


def commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """All commands that do something, by what one types."""
    below = getattr(group, "commands", {})
    if not below or group.invoke_without_command:
        yield name, group
    for word, command in below.items():
        yield from commands(command, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app), "trainstack"))
COMMANDS.pop("trainstack", None)


def test_every_command_has_a_section() -> None:
    told = {name for name in SECTIONS if name.startswith("trainstack ")}
    assert told == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_told(name: str) -> None:
    options = {
        option
        for parameter in COMMANDS[name].params
        for option in parameter.opts
        if option.startswith("--")
    }
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", _synopsis(SECTIONS[name])))
    assert told == options - {"--help"}


def _synopsis(section: str) -> str:
    """The first block, which is how the command is called."""
    return section.split("```")[1]


def test_every_call_in_the_readme_is_a_command() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    words = re.findall(r"trainstack ((?:[a-z]+ ?)+)", readme)
    known = {name.removeprefix("trainstack ") for name in COMMANDS}
    called = [said for said in words if said.split()[0] in {name.split()[0] for name in known}]
    assert called
    assert all(any(f"{said} ".startswith(f"{name} ") for name in known) for said in called)
