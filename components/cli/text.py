"""How results are laid out on a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Lines whose cells stand below each other; all rows have the same number of cells.

    >>> columns([["a", "run"], ["long", "x"]])
    ['a     run', 'long  x']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return [(indent + "  ".join(cells)).rstrip() for cells in padded]


def as_json(value: Any) -> str:
    """Indented, with characters as they are."""
    return json.dumps(value, indent=2, ensure_ascii=False)
