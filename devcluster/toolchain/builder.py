"""Builds one tool from its Go module into the cache."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from .cache import go_root, tools_root
from .command import run_go
from .errors import ToolchainError
from .golang import BUILD_FLAGS, LINK_FLAGS, Go, build_environment, needed_version, require_go
from .key import SOURCES, source_files
from .store import Built, publish, staging
from .tool import Embed, Package, Tool

Watch = Callable[[str], None]


def build(tool: Tool, go: Go | None, watch: Watch) -> Built:
    """Call it with the build lock held. Finished binaries of an interrupted build are kept."""
    able = require_go(go, needed_version(SOURCES / tool.name / "go.mod"))
    started = time.monotonic()
    part = staging(tool, able)
    workspace = part / "source"
    try:
        shutil.rmtree(workspace, ignore_errors=True)
        (part / "bin").mkdir(parents=True, exist_ok=True)
        workspace.mkdir()
        for path in source_files(tool):
            shutil.copyfile(path, workspace / path.name)
        session = _Session(tool, able, workspace, watch)
        folders = {module: session.module_folder(module) for module in tool.modules}
        for embed in tool.embeds:
            _write_embed(embed, folders[embed.module], workspace)
        for package in tool.packages:
            session.compile(package, part / "bin")
        for asset in tool.assets:
            _copy_asset(folders[asset.module] / asset.source, part / asset.target, asset.executable)
        shutil.rmtree(workspace)
        return publish(tool, able, time.monotonic() - started)
    except OSError as error:
        raise ToolchainError(f"Building {tool.name} in {tools_root()} failed: {error}.") from error


class _Session:
    """Go commands in the workspace of one tool."""

    def __init__(self, tool: Tool, go: Go, workspace: Path, watch: Watch) -> None:
        self._tool = tool
        self._go = str(go.command)
        self._workspace = workspace
        self._watch = watch
        self._environment = build_environment()
        # Go's linker writes here; /tmp may be small.
        temporary = go_root() / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        self._environment["GOTMPDIR"] = str(temporary)

    def module_folder(self, module: str) -> Path:
        answer = self._run(f"Downloading {module}", "", "mod", "download", "-json", module)
        return Path(json.loads(answer)["Dir"])

    def compile(self, package: Package, folder: Path) -> None:
        target = folder / package.binary
        if target.exists():
            return
        partial = folder / f".{package.binary}.partial"
        link = " ".join((*LINK_FLAGS, *self._tool.ldflags))
        self._run(
            f"Building {package.binary} {self._tool.version}",
            "" if len(self._tool.packages) == 1 else f"{package.binary}: ",
            "build",
            "-v",
            *BUILD_FLAGS,
            "-ldflags",
            link,
            "-o",
            str(partial),
            package.path,
        )
        partial.replace(target)

    def _run(self, purpose: str, prefix: str, *arguments: str) -> str:
        return run_go(
            [self._go, *arguments],
            cwd=self._workspace,
            environment=self._environment,
            purpose=purpose,
            watch=lambda doing: self._watch(prefix + doing),
        )


def _write_embed(embed: Embed, module: Path, workspace: Path) -> None:
    content = json.loads((module / embed.source).read_text())
    content.update(embed.fields)
    target = workspace / embed.target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content))


def _copy_asset(source: Path, target: Path, executable: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        # Not copy2: files in the module cache are read-only.
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        return
    shutil.copyfile(source, target)
    target.chmod(0o755 if executable else 0o644)
