"""What the files of a Pulumi project say: its name, its program, a stack's configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..spec.model import TrainstackError
from ..spec.shown import shown
from .settings import Unclear, read_settings

HIDDEN = "[secret 5d2a7c0e-9b1f-4f7e-8a63-d1c4be90f3a8]"
"""Stands for a secret, also for a configuration value that only `pulumi` can decrypt."""


@dataclass(frozen=True)
class Project:
    """A project and one of its stacks."""

    name: str
    stack: str
    program: Path
    """The `__main__.py`."""
    config: dict[str, str]
    encrypted: frozenset[str]
    """Keys of secrets; their value is `HIDDEN` unless it was said."""


def read_project(
    folder: Path, name: str | None, stack: str | None, said: Mapping[str, str]
) -> Project:
    """Read `Pulumi.yaml` and `Pulumi.<stack>.yaml`; what is `said` goes over both.

    A `stack` may be named with its organization; without, it is the only one that has a file.
    Raises `TrainstackError` when a file is wrong or something has not been said.
    """
    if not folder.is_dir():
        raise TrainstackError(f"{folder}: no such folder")
    settings = read_settings_file(folder / "Pulumi.yaml")
    name = name or settings.get("name")
    if not name:
        raise TrainstackError(f"{folder}: no Pulumi.yaml with a name; say --project")
    runtime = settings.get("runtime", "python")
    runtime = runtime.get("name") if isinstance(runtime, dict) else runtime
    if runtime != "python":
        raise TrainstackError(f"{folder}: runtime: got {runtime!r}; only python programs are run")
    program = folder / str(settings.get("main", ".")) / "__main__.py"
    if not program.is_file():
        raise TrainstackError(f"{program}: no such program")
    stack = _stack(folder, stack)
    values = {
        **_defaults(settings.get("config") or {}),
        **(read_settings_file(folder / f"Pulumi.{stack}.yaml").get("config") or {}),
    }
    whole = {_key(name, key): value for key, value in values.items() if value is not None}
    encrypted = frozenset(key for key, value in whole.items() if _has_secure(value))
    config = {_key(name, key): value for key, value in said.items()}
    config |= {key: _text(key, value) for key, value in whole.items() if key not in config}
    return Project(name, stack, program, config, encrypted)


def read_settings_file(file: Path) -> dict[str, Any]:
    """The mapping in a settings file; empty when there is no such file.

    Raises `TrainstackError` when it cannot be read as one.
    """
    if not file.exists():
        return {}
    try:
        found = read_settings(file.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TrainstackError(f"{file}: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict) or not isinstance(found.get("config") or {}, dict):
        raise TrainstackError(f"{file}: must be a mapping, and `config` in it as well")
    return found


def _stack(folder: Path, said: str | None) -> str:
    stacks = sorted(file.name[7:-5] for file in folder.glob("Pulumi.*.yaml"))
    if said is not None:
        name = said.rpartition("/")[2]
        if stacks and name not in stacks:
            raise TrainstackError(
                f"--stack: got {said!r}: no Pulumi.{name}.yaml; there are: {', '.join(stacks)}"
            )
        return name
    if len(stacks) != 1:
        known = f"; there are: {', '.join(stacks)}" if stacks else ""
        raise TrainstackError(
            f"--stack: required: no single Pulumi.<stack>.yaml in {folder} (the stack's name is "
            f"part of every version){known}"
        )
    return stacks[0]


def _defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """A project's values: `key: value`, or `key: {value: …}`, or `key: {default: …}`."""
    return {
        key: said.get("value", said.get("default")) if isinstance(said, dict) else said
        for key, said in config.items()
    }


def _key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(key: str, value: Any) -> str:
    """A value as `pulumi` gives it to a program."""
    if _has_secure(value):
        return HIDDEN
    for unclear in _unclear(value):
        raise TrainstackError(
            f"{key}: got {unclear} without quotes, which pulumi writes in its own way; "
            f"put the text that is meant in quotes, such as {shown(str(unclear))}"
        )
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _unclear(value: Any) -> Iterator[Unclear]:
    if isinstance(value, Unclear):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _unclear(item)


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(map(_has_secure, value.values()))
    return isinstance(value, list) and any(map(_has_secure, value))
