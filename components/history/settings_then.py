"""A stack's settings file as an earlier update had it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..spec.model import TrainstackError


@dataclass(frozen=True)
class Setting:
    """A value that an update had and the settings file has not."""

    key: str
    value: Any
    """None: not set then."""


def settings_then(
    file: Mapping[str, Any], recorded: Mapping[str, Any], project: str
) -> dict[str, Any]:
    """The whole file: plain values from the record, secrets and how they are encrypted from `file`.

    In the record None stands for a secret. Raises `TrainstackError` when `file` lacks one.

    >>> settings_then({"config": {"lr": "0.5"}}, {"shop:lr": "0.1"}, "shop")
    {'config': {'shop:lr': '0.1'}}
    """
    own = _whole(file, project)
    config = {}
    for key, value in sorted(recorded.items()):
        if value is None and key not in own:
            raise TrainstackError(
                f"{key}: a secret of that update, which the stack's settings file does not have; "
                f"set it again: pulumi config set --secret {key}"
            )
        config[key] = own[key] if value is None else value
    return {**file, "config": config}


def differences(
    file: Mapping[str, Any], recorded: Mapping[str, Any], project: str
) -> tuple[Setting, ...]:
    """Plain values that differ from those in a settings file, by key."""
    own = _whole(file, project)
    changed = (
        Setting(key, recorded.get(key))
        for key in sorted(own.keys() | recorded.keys())
        if not (key in recorded and recorded[key] is None)
        and _text(own.get(key)) != _text(recorded.get(key))
    )
    return tuple(changed)


def _whole(file: Mapping[str, Any], project: str) -> dict[str, Any]:
    """The file's values by their whole key."""
    config = file.get("config") or {}
    return {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True)
