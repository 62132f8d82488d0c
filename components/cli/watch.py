"""`trainstack watch`: how runs are, until they have ended."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..spec.model import TrainstackError
from .errors import told
from .options import HERE, AnyRun, AsJson, Context, Folder, Kubeconfig, Namespace, Stack

if TYPE_CHECKING:
    from ..observe.shown import Shown

Show = Callable[[Sequence["Shown"]], None]
Every = Annotated[float, typer.Option("--every", min=0.5, metavar="SECONDS", help="Between looks.")]
_PATIENCE = 300.0


def watch(
    run: AnyRun = None,
    *,
    every: Every = 2.0,
    stack: Stack = None,
    namespace: Namespace = None,
    folder: Folder = HERE,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Show how runs are until all have ended; the exit status is 0 when all have succeeded.

    On a terminal the table is kept up to date. Elsewhere, and with --json, there is a line for
    each change of a run.
    """
    from ..observe.found import Scope, chosen
    from ..observe.place import Place
    from ..observe.shown import Looker

    with told():
        scope = Scope(folder, stack, namespace, Place(kubeconfig, context))
        runs = chosen(scope.runs(), run)
        if not runs:
            raise TrainstackError("there are no runs to watch")
        looker = Looker()
        with _table() if sys.stdout.isatty() and not as_json else _changes(as_json) as show:
            shown = _until_ended(lambda: looker.look(runs), show, every)
    if not all(one.succeeded for one in shown):
        raise typer.Exit(1)


def _until_ended(look: Callable[[], list[Shown]], show: Show, every: float) -> list[Shown]:
    """Shows every look; a cluster may be silent for a while."""
    answered = time.monotonic()
    while True:
        try:
            shown = look()
        except TrainstackError:
            if time.monotonic() - answered > _PATIENCE:
                raise
        else:
            answered = time.monotonic()
            show(shown)
            if all(one.ended for one in shown):
                return shown
        time.sleep(every)


@contextmanager
def _table() -> Iterator[Show]:
    """Lines as wide as the terminal, and in the end the whole ones."""
    from rich.live import Live
    from rich.text import Text

    from .status_text import status_lines

    lines: list[str] = []
    try:
        with Live(auto_refresh=False, transient=True, vertical_overflow="visible") as live:

            def show(shown: Sequence[Shown]) -> None:
                lines[:] = status_lines(shown)
                live.update(Text("\n".join(lines), no_wrap=True), refresh=True)

            yield show
    finally:
        typer.echo("\n".join(lines))


@contextmanager
def _changes(as_json: bool) -> Iterator[Show]:
    """A line whenever something but the time has changed."""
    from .status_text import change_line

    told: dict[str, Any] = {}

    def show(shown: Sequence[Shown]) -> None:
        for one in shown:
            said = {**one.as_json(), "elapsed": None}
            if told.get(one.found.ref.name) != said:
                told[one.found.ref.name] = said
                line = json.dumps(one.as_json(), ensure_ascii=False)
                typer.echo(line if as_json else change_line(one))

    yield show
