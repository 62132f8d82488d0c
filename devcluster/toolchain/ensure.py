"""Finds the tools, and builds those that are missing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from .builder import build
from .cache import drop_go_caches, go_root
from .disk import require_space
from .errors import ToolchainError
from .golang import Go, find_go
from .lock import build_lock
from .progress import Progress, Report, console_report
from .store import Built, find_built
from .system import OnPath, find_on_path
from .table import expected_seconds, select
from .tool import Tool
from .toolchain import Toolchain


def state(tool: Tool, go: Go | None) -> Built | OnPath | None:
    """Where the tool is, if it is there."""
    return find_on_path(tool) or find_built(tool, go)


def locate(names: Iterable[str] | None = None) -> Toolchain:
    """The named tools, all but optional ones unless named; none is built.

    Raises `ToolchainError` when one is missing.
    """
    go = find_go()
    tools = select(names)
    found = [state(tool, go) for tool in tools]
    missing = [tool.name for tool, entry in zip(tools, found, strict=True) if entry is None]
    if missing:
        raise ToolchainError(
            f"Not built yet: {', '.join(missing)}. "
            f"Run: python -m devcluster.toolchain build {' '.join(missing)}"
        )
    return Toolchain(tuple(entry for entry in found if entry))


def ensure(
    names: Iterable[str] | None = None,
    *,
    report: Report | None = None,
    keep_go_cache: bool = False,
) -> Toolchain:
    """The named tools, all but optional ones unless named, built where they are missing.

    Go's caches are dropped as soon as no tool is missing but optional ones.
    """
    tools = select(names)
    go = find_go()
    if any(state(tool, go) is None for tool in tools):
        if report is None:
            with console_report() as shown:
                _build_missing(tools, go, shown)
        else:
            _build_missing(tools, go, report)
    if not keep_go_cache and go_root().exists():
        _drop_go_caches_if_done(go)
    return Toolchain(tuple(entry for tool in tools if (entry := state(tool, go))))


def _build_missing(tools: Sequence[Tool], go: Go | None, report: Report) -> None:
    watch = _Watch(report)
    with build_lock(watch.waiting):
        # Another process may have built some of them while this one waited.
        missing = [tool for tool in tools if state(tool, go) is None]
        require_space(missing)
        for number, tool in enumerate(missing):
            watch.begin(missing, number)
            build(tool, go, watch.doing)
            watch.end()


def _drop_go_caches_if_done(go: Go | None) -> None:
    if any(state(tool, go) is None for tool in select()):
        return
    with build_lock(lambda _: None):
        drop_go_caches()


class _Watch:
    """Adds to what a build says where it stands and how long it takes."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._missing: Sequence[Tool] = ()
        self._number = 0
        self._start = self._tool_start = time.monotonic()

    def waiting(self, doing: str) -> None:
        elapsed = time.monotonic() - self._start
        self._report(Progress("tools", 0, 0, doing, elapsed, elapsed, elapsed, elapsed))

    def begin(self, missing: Sequence[Tool], number: int) -> None:
        self._missing, self._number = missing, number
        self._tool_start = time.monotonic()
        if number == 0:
            self._start = self._tool_start
        self.doing("starting")

    def doing(self, doing: str, done: bool = False) -> None:
        now = time.monotonic()
        tool = self._missing[self._number]
        progress = Progress(
            tool=f"{tool.name} {tool.version}",
            number=self._number + 1,
            total=len(self._missing),
            doing=doing,
            elapsed=now - self._tool_start,
            expected=tool.expected_seconds,
            all_elapsed=now - self._start,
            all_expected=expected_seconds(self._missing),
            done=done,
        )
        self._report(progress)

    def end(self) -> None:
        self.doing("done", done=True)
