"""The user's program: a script or a module, with its arguments."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType


@dataclass(frozen=True)
class Program:
    """What runs as `__main__` on every rank."""

    kind: str
    target: str
    args: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """Command-line form, as `from_words` reads it."""
        return [f"--{self.kind}", self.target, "--", *self.args]

    @classmethod
    def from_words(cls, words: list[str]) -> Program:
        """The inverse of `words`."""
        kind, target, *rest = words
        return cls(kind.removeprefix("--"), target, tuple(rest[1:] if rest[:1] == ["--"] else rest))

    def run(self) -> None:
        """Execute it in this process as `python` itself would, with a `__main__` of its own."""
        module = ModuleType("__main__")
        if self.kind == "script":
            path = os.path.abspath(self.target)  # noqa: PTH100
            sys.path[:1] = [os.path.dirname(path)]  # noqa: PTH120
            code = _compiled(path)
        else:
            sys.path[:1] = [os.getcwd()]  # noqa: PTH109
            spec = _main_spec(self.target)
            path, code = spec.origin or "", _code(spec)
            module.__spec__ = spec
            module.__package__ = spec.parent
        module.__dict__.update(__file__=path, __builtins__=__builtins__)
        sys.argv[:] = [path, *self.args]
        sys.modules["__main__"] = module
        exec(code, module.__dict__)


def _compiled(path: str) -> CodeType:
    with open(path, "rb") as source:  # noqa: PTH123
        return compile(source.read(), path, "exec", dont_inherit=True)


def _main_spec(name: str) -> ModuleSpec:
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if spec.submodule_search_locations is None:
        return spec
    return _main_spec(f"{name}.__main__")


def _code(spec: ModuleSpec) -> CodeType:
    get_code = getattr(spec.loader, "get_code", None)
    code = get_code(spec.name) if get_code else None
    if not isinstance(code, CodeType):
        raise ImportError(f"{spec.name} cannot be run: it has no Python code", name=spec.name)
    return code
