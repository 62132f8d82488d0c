"""Build, find and list the tools from a shell."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from .cache import go_root, size
from .ensure import ensure, locate, state
from .errors import ToolchainError
from .golang import find_go
from .store import Built
from .table import TOOLS

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Names = Annotated[
    list[str] | None, typer.Argument(help="Tools or binaries; all but optional ones unless named.")
]


@contextmanager
def _plain_errors() -> Iterator[None]:
    previous: Callable[[int, FrameType | None], object] | int | None = signal.signal(
        signal.SIGTERM, _stop
    )
    try:
        yield
    except ToolchainError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; the next build goes on from here", err=True)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@app.command()
def build(
    names: Names = None,
    keep_go_cache: Annotated[
        bool, typer.Option(help="Keep Go's own caches (18 GB) afterwards.")
    ] = False,
) -> None:
    """Build what is missing."""
    with _plain_errors():
        ensure(names, keep_go_cache=keep_go_cache)


@app.command()
def path() -> None:
    """Print what to prepend to PATH."""
    with _plain_errors():
        pulumi = [tool.name for tool in TOOLS if tool.name.startswith("pulumi")]
        typer.echo(os.pathsep.join(map(str, locate(pulumi).path_dirs())))


@app.command("list")
def list_tools() -> None:
    """Show each tool, where it is, and how long its build took."""
    from rich.console import Console
    from rich.table import Table

    with _plain_errors():
        go = find_go()
        table = Table("tool", "version", "state", "build", "size", box=None, pad_edge=False)
        for tool in TOOLS:
            entry = state(tool, go)
            if isinstance(entry, Built):
                seconds, megabytes = (
                    f"{entry.record['seconds']} s",
                    f"{size(entry.folder) / 1e6:.0f} MB",
                )
                table.add_row(tool.name, tool.version, "built", seconds, megabytes)
            else:
                where = (
                    f"on PATH: {entry.binaries[0][1].parent}" if entry and entry.binaries else None
                )
                missing = "on PATH" if entry else "optional" if tool.optional else "missing"
                table.add_row(
                    tool.name, tool.version, where or missing, f"~{tool.expected_seconds} s", ""
                )
        Console(width=None if sys.stdout.isatty() else 120).print(table)
        if go_root().exists():
            typer.echo(f"Go's caches: {size(go_root()) / 1e9:.1f} GB")


@app.command()
def check() -> None:
    """Say whether everything is there; ends with 1 when something is missing."""
    with _plain_errors():
        locate()
        typer.echo("all tools are there")
