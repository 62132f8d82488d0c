"""Objects as YAML that every parser reads alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

# Of `08`, `1e3` or `y` the parsers of Python and Go make different things.
_UNMISTAKABLE = re.compile(r"[A-Za-z_/]\S.*", re.DOTALL)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style: str | None
    lines = value.split("\n")
    if not all(map(str.isprintable, lines)):
        style = '"'
    elif len(lines) > 1:
        style = "|"
    else:
        style = None if _UNMISTAKABLE.fullmatch(value) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """One document, its keys sorted.

    >>> print(to_yaml({"kind": "ConfigMap", "data": {"version": "1e3"}}), end="")
    data:
      version: '1e3'
    kind: ConfigMap
    """
    return yaml.dump(
        dict(manifest),
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=True,
        width=10_000,
    )
