"""What a training program reports: its result and its progress."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from .artifacts import storage
from .folder import Place
from .log import say
from .returned import fitting, plain

LARGEST_RESULT = 3_000

PROGRESS_SECONDS = 1.0

_quiet_until: dict[tuple[str, ...], float] = {}
_result: dict[str, Any] = {}
_returned: list[Any] = []


def result(**values: Any) -> None:
    """Set values of the run's result; those of rank 0 are kept.

    Raises `ValueError` for what JSON cannot hold and above 3,000 bytes.
    """
    merged = {**_result, **{name: _plain(name, value) for name, value in values.items()}}
    size = len(json.dumps(merged, ensure_ascii=False).encode())
    if size > LARGEST_RESULT:
        raise ValueError(
            f"result: {size:,} bytes as JSON, above the {LARGEST_RESULT:,} that fit into a pod's "
            "termination message; save it to a file and report where that is"
        )
    _result.update(merged)


def returned(value: Any) -> None:
    """Take a function's return value as the run's result, on rank 0 only.

    A dict goes over what `result` has set, None leaves that alone, anything else replaces it.
    Raises `ValueError` for what can neither be JSON nor be kept in the run's storage.
    """
    if value is None or Place.from_env().rank != 0:
        return
    place = storage()
    found = plain(value, place)
    if isinstance(found, dict):
        found = {**_result, **found}
    elif _result:
        say(f"the result is what the function returned, without {', '.join(sorted(_result))}")
    _returned[:] = [fitting(found, place, LARGEST_RESULT)]


def reported() -> Any:
    """The result so far, if any was set."""
    return _returned[0] if _returned else dict(_result) or None


def progress(*, step: int | None = None, total: int | None = None, **metrics: Any) -> None:
    """Print a line of JSON about how far the training is; on rank 0, at most one a second.

    Calls with the same names within a second of a printed one are dropped without looking at their
    values, but for that of the last step. What JSON cannot hold is printed as a text.
    """
    if os.environ.get("RANK", "0") != "0":
        return
    now, names = time.monotonic(), ("step", "total", *metrics)
    if now < _quiet_until.get(names, now) and (step is None or step != total):
        return
    _quiet_until[names] = now + PROGRESS_SECONDS
    said = {"step": step, "total": total, **metrics}
    line = {name: _shown(value) for name, value in said.items() if value is not None}
    text = json.dumps({"trainstack": "progress", **line}, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _shown(value: Any) -> Any:
    """The value as JSON has it, or as a text; a diverging loss ends no training."""
    try:
        return _plain("", value)
    except (RuntimeError, ValueError):
        return str(value)


def _plain(name: str, value: Any) -> Any:
    """The value as JSON has it: scalars of numpy and torch become numbers."""
    if not isinstance(value, (str, int, float, bool, list, tuple, dict, type(None))):
        item = getattr(value, "item", None)
        if not callable(item):
            raise ValueError(f"{name}={value!r}: JSON cannot hold a {type(value).__name__}")
        value = item()
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_scalar))
    except ValueError as error:
        raise ValueError(f"{name}={value!r}: JSON cannot hold it: {error}") from None


def _scalar(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise ValueError(f"there is a {type(value).__name__} in it")
