"""Progress on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from .progress import Progress, clock, line


class LiveReport:
    """One bar for everything, a line for what is being done, a line left for each finished tool."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[times]}"),
            TextColumn("[dim]{task.fields[doing]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> LiveReport:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Show this moment."""
        if progress.done:
            self._bars.console.print(escape(line(progress)), highlight=False)
        if self._task is None:
            self._task = self._bars.add_task("", times="", doing="")
        self._bars.update(
            self._task,
            description=escape(f"[{progress.number}/{progress.total}] {progress.tool}"),
            completed=min(progress.all_elapsed, progress.all_expected),
            total=progress.all_expected,
            times=f"{clock(progress.all_elapsed)} of about {clock(progress.all_expected)}",
            doing=escape(progress.doing[-60:]),
        )
