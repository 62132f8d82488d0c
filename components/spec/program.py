"""What every rank runs."""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from .model import Args, TrainstackError
from .names import DATA_KEY
from .shown import shown

PROGRAM_DIR = "/etc/trainstack/program"
LARGEST_SCRIPT = 900_000


def _module(value: str) -> str:
    if not all(part.isidentifier() for part in value.split(".")):
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


class Program(Args):
    """A script or a module that the launch runtime starts on every rank.

    >>> Program(script="train.py").command()
    ['--script', '/etc/trainstack/program/train.py']
    """

    script: Annotated[str, Field(min_length=1), AfterValidator(_script)] | None = None
    """Path of a Python file. A relative one lies beside the Pulumi program (below its working
    folder) and is shipped in a ConfigMap, up to 900,000 bytes; an absolute one is in the image."""
    module: Annotated[str, AfterValidator(_module)] | None = None
    """Dotted name of a module in the image, run as `python -m` would."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Program:
        if (self.script is None) == (self.module is None):
            raise ValueError("give exactly one of script and module")
        return self

    @property
    def shipped(self) -> bool:
        """Whether the source travels in a ConfigMap."""
        return self.script is not None and not PurePosixPath(self.script).is_absolute()

    def command(self) -> list[str]:
        """The launch runtime's arguments that name this program."""
        if self.module is not None:
            return ["--module", self.module]
        script = PurePosixPath(self.script or "")
        path = script if script.is_absolute() else PurePosixPath(PROGRAM_DIR) / script.name
        return ["--script", str(path)]


@dataclass(frozen=True)
class Source:
    """A program's source text as it is shipped."""

    filename: str
    content: str

    @property
    def digest(self) -> str:
        """Hash of name and text, in hexadecimal."""
        return hashlib.sha256(f"{self.filename}\0{self.content}".encode()).hexdigest()


def read_source(program: Program | None, folder: Path, where: str) -> Source | None:
    """Read the script that has to be shipped, if there is one.

    Raises `TrainstackError` when it is missing, not text, not valid Python, or too large.
    """
    if program is None or program.script is None or not program.shipped:
        return None
    path = folder / program.script
    problem = f"{where}: program.script: got {program.script!r}"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise TrainstackError(
            f"{problem}: cannot read {path}: {error.strerror}; a relative path starts at the "
            "folder of the Pulumi program, an absolute one names a file in the image"
        ) from None
    if len(raw) > LARGEST_SCRIPT:
        raise TrainstackError(
            f"{problem}: {len(raw):,} bytes, above the {LARGEST_SCRIPT:,} that a ConfigMap "
            "carries; build it into the image and name it by an absolute path or a module"
        )
    try:
        content = raw.decode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, program.script, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TrainstackError(f"{problem}: not valid Python: {error}") from None
    return Source(path.name, content)
