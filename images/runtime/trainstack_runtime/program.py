"""The user's program: a script or a module with its arguments, or a function."""

from __future__ import annotations

import importlib.util
import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType


@dataclass(frozen=True)
class Program:
    """What runs on every rank: as `__main__`, or a call of a function."""

    kind: str
    target: str
    args: tuple[str, ...] = ()
    source: str | None = None
    """Archive that a function is in."""
    inputs: str | None = None
    """JSON file with a function's arguments by name."""

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """What every role that starts the program takes on its command line."""
        program = parser.add_mutually_exclusive_group(required=True)
        program.add_argument("--script", help="a Python file")
        program.add_argument("--module", help="a module, run as by `python -m`")
        program.add_argument("--function", help="FILE.py:NAME or MODULE:NAME")
        parser.add_argument("--source", help="an archive that the function is in")
        parser.add_argument("--inputs", help="a JSON file with the function's arguments")
        parser.add_argument("arguments", nargs="*", help="-- and the program's own")

    @classmethod
    def from_words(cls, words: list[str]) -> Program:
        """Read such a command line; the inverse of `words`."""
        parser = ArgumentParser(allow_abbrev=False)
        cls.add_arguments(parser)
        return cls.from_options(parser.parse_args(words))

    @classmethod
    def from_options(cls, said: Namespace) -> Program:
        """From what such a parser read."""
        kind = next(kind for kind in ("script", "module", "function") if getattr(said, kind))
        target, args = getattr(said, kind), tuple(said.arguments)
        return cls(kind, target, args, said.source, said.inputs)

    def words(self) -> list[str]:
        """Command-line form, as `from_words` reads it."""
        source = ["--source", self.source] if self.source else []
        inputs = ["--inputs", self.inputs] if self.inputs else []
        return [f"--{self.kind}", self.target, *source, *inputs, "--", *self.args]

    def run(self) -> None:
        """Call the function, or execute in this process as `python` itself would."""
        if self.kind == "function":
            from .function import call

            call(self.target, self.source, self.inputs)
            return
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
