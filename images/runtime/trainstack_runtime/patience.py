"""How long a collective may wait in a program that says nothing about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULE = "torch.distributed.constants"
NAMES = ("default_pg_timeout", "default_pg_nccl_timeout")


def limit_waiting(seconds: float) -> None:
    """From when torch is imported on; a torch that has no such defaults keeps what it has."""
    sys.meta_path.insert(0, _Finder(timedelta(seconds=seconds)))


class _Finder(MetaPathFinder):
    """Sets the defaults right after torch has, and before anything copies them."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != MODULE:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec), None)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for default in NAMES:
                if isinstance(getattr(module, default, None), timedelta):
                    setattr(module, default, self._limit)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
