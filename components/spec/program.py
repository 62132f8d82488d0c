"""What every rank runs."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from .json_values import JsonValues
from .model import Args
from .names import DATA_KEY
from .shown import shown

PROGRAM_DIR = "/etc/trainstack/program"
ARCHIVE = "source.tar.bz2"
INPUTS = "inputs.json"


def _is_module(value: str) -> bool:
    return all(part.isidentifier() for part in value.split("."))


def _module(value: str) -> str:
    if not _is_module(value):
        raise ValueError(f"got {shown(value)}: must be a dotted module name such as 'pkg.train'")
    return value


def _script(value: str) -> str:
    path = PurePosixPath(value)
    if path.suffix != ".py" or "\0" in value:
        raise ValueError(f"got {shown(value)}: must be a Python file, '<path>.py'")
    if not path.is_absolute() and not re.fullmatch(DATA_KEY, path.name):
        raise ValueError(
            f"got {shown(value)}: a file that is shipped must be named with letters, digits, "
            "'-', '_' and '.' only"
        )
    return value


def _function(value: str) -> str:
    place, _, name = value.rpartition(":")
    path = PurePosixPath(place)
    importable = path.stem.isidentifier() if path.suffix == ".py" else _is_module(place)
    if not (importable and name.isidentifier()) or "\0" in value:
        raise ValueError(
            f"got {shown(value)}: must be '<path>.py:<function>' or '<module>:<function>', each "
            "name one that Python can import"
        )
    return value


class Program(Args):
    """A script, a module or a function that the launch runtime starts on every rank.

    >>> Program(script="train.py").command()
    ['--script', '/etc/trainstack/program/train.py']
    """

    script: Annotated[str, Field(min_length=1), AfterValidator(_script)] | None = None
    """Path of a Python file. A relative one lies beside the Pulumi program (below its working
    folder) and is shipped in a ConfigMap, up to 900,000 bytes; an absolute one is in the image."""
    module: Annotated[str, AfterValidator(_module)] | None = None
    """Dotted name of a module in the image, run as `python -m` would."""
    function: Annotated[str, AfterValidator(_function)] | None = None
    """`"path/file.py:name"` or `"pkg.mod:name"`, a function that is called on every rank and whose
    return value on rank 0 is the run's result. A relative path is shipped, with the package that
    the file is in; an absolute path and a module are in the image."""
    inputs: JsonValues = {}
    """The function's arguments by name: texts, numbers, bools, None, lists and dicts."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Program:
        said = [self.script, self.module, self.function]
        if sum(one is not None for one in said) != 1:
            raise ValueError("give exactly one of script, module and function")
        if self.inputs and self.function is None:
            raise ValueError(
                "inputs: only a function has inputs; a script or a module takes hyperparameters"
            )
        return self

    @property
    def shipped(self) -> bool:
        """Whether the source travels in a ConfigMap."""
        path = self.script or self.path
        return path is not None and not PurePosixPath(path).is_absolute()

    @property
    def has_files(self) -> bool:
        """Whether pods mount a ConfigMap with the source or with inputs."""
        return self.shipped or bool(self.inputs)

    @property
    def path(self) -> str | None:
        """Path of the file that a function is in, None for one in a module."""
        place = (self.function or "").rpartition(":")[0]
        return place if place.endswith(".py") else None

    @property
    def shipped_path(self) -> PurePosixPath:
        """Where a shipped function's file is within the archive: its path without any `..`."""
        parts: list[str] = []
        for part in PurePosixPath(self.path or "").parts:
            if part != "..":
                parts.append(part)
            elif parts:
                parts.pop()
        return PurePosixPath(*parts)

    def command(self) -> list[str]:
        """The launch runtime's arguments that name this program."""
        if self.module is not None:
            return ["--module", self.module]
        if self.function is not None:
            return self._call(self.function)
        script = PurePosixPath(self.script or "")
        path = script if script.is_absolute() else PurePosixPath(PROGRAM_DIR) / script.name
        return ["--script", str(path)]

    def _call(self, function: str) -> list[str]:
        words = ["--function", function]
        if self.shipped:
            name = function.rpartition(":")[2]
            words = ["--function", f"{self.shipped_path}:{name}"]
            words += ["--source", f"{PROGRAM_DIR}/{ARCHIVE}"]
        return [*words, "--inputs", f"{PROGRAM_DIR}/{INPUTS}"] if self.inputs else words
