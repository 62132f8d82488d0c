"""Tables that come with the library, or are the user's own."""

from __future__ import annotations

import csv
from pathlib import Path

from ..spec.model import TrainstackError


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table that comes with the library; a cell that is empty is left out."""
    return read(Path(__file__).with_name(name))


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file.

    Raises `TrainstackError` when it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
    except OSError as error:
        raise TrainstackError(f"{path}: cannot be read: {error.strerror}") from None
    return [{key: cell for key, cell in row.items() if key and cell} for row in found]
