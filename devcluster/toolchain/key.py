"""The key under which a tool is cached: what it is made of, and with which Go."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from .golang import BUILD_ENVIRONMENT, BUILD_FLAGS, LINK_FLAGS, Go
from .tool import Tool

SOURCES = Path(__file__).resolve().parent.parent / "tools"
_SOURCE_SUFFIXES = (".mod", ".sum", ".go")


def source_files(tool: Tool) -> list[Path]:
    """The files of the tool's Go module."""
    folder = SOURCES / tool.name
    return sorted(path for path in folder.iterdir() if path.suffix in _SOURCE_SUFFIXES)


def recipe(tool: Tool) -> str:
    """All that decides what is built, so not how long it takes nor who wants it."""
    fields = asdict(tool)
    del fields["expected_seconds"], fields["optional"]
    fields["build"] = [BUILD_FLAGS, LINK_FLAGS, sorted(BUILD_ENVIRONMENT.items())]
    return json.dumps(fields, sort_keys=True)


def fingerprint(tool: Tool) -> str:
    """The tool's sources and recipe, whatever Go builds them."""
    digest = hashlib.sha256()
    for path in source_files(tool):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    digest.update(recipe(tool).encode())
    return digest.hexdigest()


def key(tool: Tool, go: Go) -> str:
    """Twelve hex digits that change with whatever changes the binaries."""
    text = f"{fingerprint(tool)} {go.release} {go.platform}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
