"""The states that a stack had after earlier updates."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..observe.pulumi_stack import PulumiStack, project_name
from ..spec.model import TrainstackError
from .update import Update

_ENTRY = re.compile(r"\.history\.json(\.gz|\.zst)?$")


class PastStates:
    """Reads them where the backend keeps them.

    Pulumi Cloud gives the state after every update. A `file://` backend keeps copies beside its
    history, which are read from there; those of a bucket nothing gives out.
    """

    def __init__(self, stack: PulumiStack, updates: Sequence[Update]) -> None:
        self._stack = stack
        self._newest = updates[0].number if updates else 0
        self._copies = _copies(stack, updates)

    def after(self, update: Update) -> Mapping[str, Any] | None:
        """The state after an update, or None when nothing tells it."""
        if update.number == self._newest:
            return self._stack.state()
        if self._copies is not None:
            copy = self._copies.get(update.number)
            return None if copy is None else _read(copy)
        try:
            return self._stack.state(update.number)
        except TrainstackError:
            return None


def _copies(stack: PulumiStack, updates: Sequence[Update]) -> dict[int, Path] | None:
    """The copies of a `file://` backend by the number of their update; None elsewhere."""
    root = stack.state_folder()
    if root is None:
        return None
    folder = root / "history" / project_name(stack.folder) / stack.short_name()
    if not folder.is_dir():
        return {}
    entries = sorted(file.name for file in folder.iterdir() if _ENTRY.search(file.name))
    oldest_first = [update.number for update in reversed(updates)]
    return {
        number: folder / entry.replace(".history.json", ".checkpoint.json")
        for number, entry in zip(oldest_first, entries, strict=False)
    }


def _read(file: Path) -> Mapping[str, Any] | None:
    if not file.exists() or file.suffix == ".zst":
        return None
    content = file.read_bytes()
    text = gzip.decompress(content) if file.suffix == ".gz" else content
    return dict(json.loads(text)["checkpoint"].get("latest") or {})
