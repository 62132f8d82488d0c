"""Calls the user's function, whose source may be in an archive."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from .report import returned


def call(target: str, source: str | None, inputs: str | None) -> None:
    """Import the function that `FILE.py:NAME` or `MODULE:NAME` names, and call it.

    What it returns on rank 0 is the run's result.
    """
    place, _, name = target.rpartition(":")
    root, module_name = _importable(place, unpacked(source) if source else None)
    sys.path[:1] = [root]
    sys.modules["__main__"] = ModuleType("__main__")
    __import__(module_name)
    module = sys.modules[module_name]
    sys.argv[:] = [module.__file__ or module_name]
    function = getattr(module, name, None)
    if not callable(function):
        raise ImportError(f"{module_name} ({module.__file__}) has no function {name!r}")
    returned(function(**_read(inputs)))


def unpacked(archive: str) -> str:
    """A folder with the archive's files, made by the first process of the pod that asks."""
    import hashlib
    import shutil
    import tarfile

    digest = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    folder = Path(tempfile.gettempdir(), f"trainstack-source-{digest[:16]}")
    if folder.is_dir():
        return str(folder)
    new = Path(tempfile.mkdtemp(prefix="trainstack-source-"))
    with tarfile.open(archive) as tar:
        for member in tar:
            path, file = new / member.name, tar.extractfile(member)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read() if file else b"")
    try:
        new.rename(folder)
    except OSError:
        shutil.rmtree(new)
    return str(folder)


def _importable(place: str, folder: str | None) -> tuple[str, str]:
    """The folder to import from, and the module's whole name."""
    if not place.endswith(".py"):
        return folder or str(Path.cwd()), place
    path = Path(folder or Path.cwd(), place)
    if not path.is_file():
        raise FileNotFoundError(2, os.strerror(2), str(path))
    names, root = [path.stem], path.parent
    while (root / "__init__.py").is_file():
        names, root = [root.name, *names], root.parent
    return str(root), ".".join(names)


def _read(inputs: str | None) -> dict[str, Any]:
    return dict(json.loads(Path(inputs).read_text())) if inputs else {}
