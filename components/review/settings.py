"""A Pulumi settings file, read as `pulumi` reads it."""

from __future__ import annotations

import re
from typing import Any

import yaml


class Unclear(str):
    """A number or date without quotes that `pulumi` would hand on in other words."""


class _Loader(yaml.SafeLoader):
    """Takes plain words as YAML 1.2 does: `yes` is a text, `1e3` a number."""


_NUMBER_OR_DATE = (
    r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9_]+)?"
    r"|[-+]?0([xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)
_WORDS = {
    "tag:yaml.org,2002:merge": "<<",
    "tag:yaml.org,2002:null": "~|null|Null|NULL|",
    "tag:yaml.org,2002:bool": "true|True|TRUE|false|False|FALSE",
    "tag:yaml.org,2002:int": "0|-?[1-9][0-9]{0,17}",
    "!number-or-date": _NUMBER_OR_DATE,
}


def _number_or_date(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | Unclear:
    text = str(node.value)
    try:
        shortest = repr(float(text))
    except ValueError:
        return Unclear(text)
    clear = text == shortest and "e" not in text and not text.endswith(".0")
    return float(text) if clear else Unclear(text)


_Loader.yaml_implicit_resolvers = {}
for _tag, _shape in _WORDS.items():
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_shape})\Z"), None)
_Loader.add_constructor("!number-or-date", _number_or_date)


def read_settings(text: str) -> Any:
    """The values of a settings file.

    Raises `yaml.YAMLError` when it is none.

    >>> read_settings("{lr: 0.1, epochs: 3, decay: 1e-3, shuffle: yes}")
    {'lr': 0.1, 'epochs': 3, 'decay': '1e-3', 'shuffle': 'yes'}
    """
    return yaml.load(text, Loader=_Loader)
