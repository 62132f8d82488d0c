"""Built tools in the cache: one folder a tool and key, complete or absent."""

from __future__ import annotations

import json
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from .cache import tools_root
from .golang import Go
from .key import fingerprint, key
from .tool import Tool

RECORD = "built.json"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Built:
    """A tool in the cache; the folder appears by a rename, so it is never partial."""

    tool: Tool
    folder: Path

    @property
    def bin(self) -> Path:
        """The folder with its binaries."""
        return self.folder / "bin"

    @property
    def record(self) -> dict[str, object]:
        """What was noted when it was built: version, Go, seconds, sizes."""
        content: dict[str, object] = json.loads((self.folder / RECORD).read_text())
        return content


def home(tool: Tool, go: Go) -> Path:
    """Where the finished tool lies."""
    return tools_root() / f"{tool.name}-{key(tool, go)}"


def find_built(tool: Tool, go: Go | None) -> Built | None:
    """The tool as this Go would build it; without Go, as any Go built it for this machine."""
    folder = home(tool, go) if go else _any_home(tool)
    if folder is None or not (folder / RECORD).is_file():
        return None
    return Built(tool, folder)


def staging(tool: Tool, go: Go) -> Path:
    """Kept when a build is interrupted; its finished binaries are not built again."""
    return tools_root() / f".{tool.name}-{key(tool, go)}.part"


def publish(tool: Tool, go: Go, seconds: float) -> Built:
    """Turns the staging folder into the tool's home."""
    part, final = staging(tool, go), home(tool, go)
    sizes = {path.name: path.stat().st_size for path in sorted((part / "bin").iterdir())}
    record = {
        "tool": tool.name,
        "version": tool.version,
        "fingerprint": fingerprint(tool),
        "go": go.release,
        "platform": go.platform,
        "seconds": round(seconds),
        "sizes": sizes,
    }
    (part / RECORD).write_text(json.dumps(record, indent=2) + "\n")
    # A home without a record is a damaged one: find_built() has not accepted it.
    shutil.rmtree(final, ignore_errors=True)
    part.replace(final)
    return Built(tool, final)


def _any_home(tool: Tool) -> Path | None:
    wanted = fingerprint(tool)
    machine = _MACHINES.get(platform.machine(), platform.machine())
    here = f"{platform.system().lower()}/{machine}"
    for path in sorted(tools_root().glob(f"{tool.name}-*/{RECORD}")):
        record = json.loads(path.read_text())
        if record.get("fingerprint") == wanted and record.get("platform") == here:
            return path.parent
    return None
