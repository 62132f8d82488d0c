"""`trainstack logs`: what all pods of a run print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import UsageError, told
from .options import HERE, AsJson, Context, Folder, Kubeconfig, Namespace, OneRun, Stack

if TYPE_CHECKING:
    from ..logs.line import Line
    from ..observe.found import Found

Rank = Annotated[int | None, typer.Option("--rank", min=0, help="Only what this rank prints.")]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", metavar="", help="Go on until the run has ended.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From then on: 90s, 10m, 2h, 1d, or a time."),
]
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")


def logs(
    run: OneRun,
    *,
    rank: Rank = None,
    follow: Follow = False,
    since: Since = None,
    stack: Stack = None,
    namespace: Namespace = None,
    folder: Folder = HERE,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Print what all pods of a run print, merged by time, each line behind the pod's role.

    Logs that went with their pods are named on standard error.
    """
    from ..observe.found import Scope, one
    from ..observe.place import Place

    with told():
        begin = None if since is None else _begin(since)
        scope = Scope(folder, stack, namespace, Place(kubeconfig, context))
        found = one(scope.runs(), run)
        prefixes = _Prefixes()
        for line in _lines(found, begin, follow, ranked=rank is not None):
            if (begin and line.at < begin) or not _is_of(line, rank):
                continue
            if as_json:
                typer.echo(json.dumps(line.as_json(), ensure_ascii=False))
            else:
                typer.echo(f"{prefixes.of(line)} {line.text}")


def _lines(found: Found, begin: str | None, follow: bool, *, ranked: bool) -> Iterator[Line]:
    from ..logs.gone import gone
    from ..logs.reading import Logs
    from ..observe.place import answering
    from ..status.reader import Reader

    api = found.place.connect()
    reader = Reader(api)
    with answering():
        look = reader.look(found.ref)
    manifest = look.job if look else found.stack_run and found.stack_run.manifest
    for said in gone(manifest, look) if manifest else ():
        typer.echo(said, err=True)
    if look is None:
        raise typer.Exit(1)
    # Which ranks a pod has may have been said long before.
    logs = Logs(api, found.ref.namespace, None if ranked or begin is None else _seconds(begin))
    with suppress(KeyboardInterrupt):
        yield from logs.past(look)
        if follow:
            yield from logs.coming(lambda: reader.look(found.ref))


def _is_of(line: Line, rank: int | None) -> bool:
    return rank is None or (line.ranks is not None and rank in line.ranks)


class _Prefixes:
    """What stands before a line: padded to the longest so far, a colour a pod."""

    def __init__(self) -> None:
        self._colours: dict[str, str] = {}
        self._width = 0

    def of(self, line: Line) -> str:
        """For instance `worker-1  rank 2-3 |`."""
        label = line.source.label + _ranks(line.ranks)
        known = len(self._colours)
        colour = self._colours.setdefault(line.source.pod, _COLOURS[known % len(_COLOURS)])
        self._width = max(self._width, len(label))
        return typer.style(f"{label.ljust(self._width)} |", fg=colour)


def _ranks(ranks: range | None) -> str:
    if ranks is None:
        return ""
    return f" [{ranks[0]}]" if len(ranks) == 1 else f" [{ranks[0]}-{ranks[-1]}]"


def _begin(text: str) -> str:
    from ..logs.line import since

    try:
        return since(text, datetime.now(timezone.utc))
    except ValueError:
        raise UsageError(
            f"--since: got {text!r}: must be like 90s, 10m, 2h or 1d, or a time like "
            "2026-01-31T10:00:00Z"
        ) from None


def _seconds(begin: str) -> int:
    moment = datetime.fromisoformat(f"{begin}+00:00")
    return max(1, int((datetime.now(timezone.utc) - moment).total_seconds()) + 1)
