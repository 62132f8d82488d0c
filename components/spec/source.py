"""A program's source, read from beside the Pulumi program."""

from __future__ import annotations

import ast
import bz2
import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

from .function import definition, imported, misfit, signature
from .model import TrainstackError
from .package import folders_of_package, modules, pack
from .program import ARCHIVE, Program

LARGEST = 900_000


@dataclass(frozen=True)
class Source:
    """What is shipped of a program: a script's text, or the archive that a function is in."""

    filename: str
    content: str | bytes

    @property
    def digest(self) -> str:
        """Hash of name and content, not of how it is compressed, in hexadecimal."""
        if isinstance(self.content, str):
            return hashlib.sha256(f"{self.filename}\0{self.content}".encode()).hexdigest()
        content = bz2.decompress(self.content)
        return hashlib.sha256(f"{self.filename}\0".encode() + content).hexdigest()


def read_source(program: Program | None, folder: Path, where: str) -> Source | None:
    """Read what has to be shipped of a program, if anything.

    Raises `TrainstackError` when it is missing, not text, not valid Python, or too large, and when
    a function is not defined there or cannot be called with its inputs.
    """
    if program is None or not program.shipped:
        return None
    if program.function is not None:
        return _read_package(program, folder, where)
    script = program.script or ""
    path = folder / script
    problem = f"{where}: program.script: got {script!r}"
    raw = _bytes(path, problem)
    if len(raw) > LARGEST:
        raise TrainstackError(
            f"{problem}: {len(raw):,} bytes, above the {LARGEST:,} that a ConfigMap "
            "carries; build it into the image and name it by an absolute path or a module"
        )
    return Source(path.name, _parsed(raw, script, problem)[0])


def _read_package(program: Program, folder: Path, where: str) -> Source:
    named = program.path or ""
    path = folder / named
    problem = f"{where}: program.function: got {program.function!r}"
    _, tree = _parsed(_bytes(path, problem), named, problem)
    _check(program, tree, where)
    _check_imports(path, program, tree, problem)
    files = modules(path, program.shipped_path)
    packed = pack({name: _bytes(file, problem) for name, file in files.items()})
    if len(packed) > LARGEST:
        raise TrainstackError(
            f"{problem}: {len(files):,} modules, compressed {len(packed):,} bytes, above the "
            f"{LARGEST:,} that a ConfigMap carries; build them into the image (TrainingImage) and "
            "name the function by its module, 'pkg.mod:name'"
        )
    return Source(ARCHIVE, packed)


def _bytes(path: Path, problem: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrainstackError(
            f"{problem}: cannot read {path}: {error.strerror}; a relative path starts at the "
            "folder of the Pulumi program, an absolute one names a file in the image"
        ) from None


def _parsed(raw: bytes, name: str, problem: str) -> tuple[str, ast.Module]:
    try:
        content = raw.decode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, name, "exec", dont_inherit=True)
            return content, ast.parse(content, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TrainstackError(f"{problem}: not valid Python: {error}") from None


def _check(program: Program, tree: ast.Module, where: str) -> None:
    name = (program.function or "").rpartition(":")[2]
    try:
        parameters = definition(tree, name)
    except ValueError as error:
        raise TrainstackError(
            f"{where}: program.function: got {program.function!r}: {program.path}: {error}"
        ) from None
    if parameters is not None and (why := misfit(parameters, program.inputs)):
        said = ", ".join(sorted(program.inputs)) or "none"
        raise TrainstackError(
            f"{where}: program.inputs: got {said}: {signature(name, parameters)} {why}"
        )


def _check_imports(path: Path, program: Program, tree: ast.Module, problem: str) -> None:
    """Refuse what would work beside the Pulumi program and not in the pod."""
    depth = folders_of_package(path, program.shipped_path)
    names = imported(tree)
    if "." in names and not depth:
        raise TrainstackError(
            f"{problem}: has a relative import, but {path.parent} is no package; add an __init__.py"
        )
    root = path.parents[depth]
    own = path.parents[depth - 1].name if depth else path.stem
    for name in sorted(names - {own, "."}):
        if (root / f"{name}.py").is_file() or (root / name / "__init__.py").is_file():
            raise TrainstackError(
                f"{problem}: imports {name!r}, which lies beside it and is not shipped; put both "
                "into one package, a folder with an __init__.py"
            )
