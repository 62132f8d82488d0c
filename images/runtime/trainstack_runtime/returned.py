"""A function's return value, as JSON or as addresses of what was kept of it."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .artifacts import Storage

NEEDS_STORAGE = "give the job a checkpoint, beside which it can be kept"


def plain(value: Any, storage: Storage | None, path: str = "result") -> Any:
    """The value as JSON has it: numbers for scalars of numpy and torch, addresses for bytes and
    for files that a `Path` names.

    Raises `ValueError` that names the place of what cannot be a result.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path}: got {value}: JSON has no such number")
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview, os.PathLike)):
        return _kept(value, storage, path)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        items = {_key(key, path): item for key, item in value.items()}
        return {key: plain(item, storage, f"{path}.{key}") for key, item in items.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, storage, f"{path}[{index}]") for index, item in enumerate(value)]
    return plain(_number(value, path), storage, path)


def fitting(value: Any, storage: Storage | None, largest: int) -> Any:
    """The value, or the address of a file with it when it is too large."""
    said = json.dumps(value, ensure_ascii=False).encode()
    if len(said) <= largest:
        return value
    if storage is None:
        raise ValueError(
            f"result: {len(said):,} bytes as JSON, above the {largest:,} that fit into a pod's "
            f"termination message; {NEEDS_STORAGE}"
        )
    return storage.keep("result.json", said)


def _kept(value: Any, storage: Storage | None, path: str) -> str:
    what = f"{path}: a {type(value).__name__}"
    if storage is None:
        raise ValueError(f"{what} does not fit into a pod's termination message; {NEEDS_STORAGE}")
    name = "/".join(re.findall(r"[\w-]+", path))
    if not isinstance(value, os.PathLike):
        return storage.keep(f"{name}.bin", bytes(value))
    file = Path(value)
    if not file.exists():
        raise ValueError(f"{what} of nothing: {file} does not exist on rank 0")
    return storage.take(f"{name}/{file.name}", file)


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{path}: got {key!r} as a key: must be a text")
    return key


def _number(value: Any, path: str) -> Any:
    for method in ("item", "tolist"):
        try:
            return getattr(value, method)()
        except (AttributeError, RuntimeError, TypeError, ValueError):
            continue
    raise ValueError(
        f"{path}: JSON cannot hold a {type(value).__name__}; save it to a file and return its Path"
    )
