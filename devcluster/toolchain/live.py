"""Progress on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from .progress import Progress, line

BAR_WIDTH = 12


class LiveReport:
    """A bar and a line for what is being done, and a line left for each finished tool."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Bars(
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.description}"),
            console=self._console,
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
            self._console.print(escape(line(progress)), highlight=False)
        if self._task is None:
            self._task = self._bars.add_task("")
        room = max(0, self._console.width - BAR_WIDTH - 2)
        self._bars.update(
            self._task,
            description=escape(line(progress)[:room]),
            completed=min(progress.all_elapsed, progress.all_expected),
            total=progress.all_expected,
        )
