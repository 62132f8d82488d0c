"""`trainstack operators`: the operators' manifests in the user's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..operators.cache import is_fetched, release_folder
from ..operators.fetch import fetch as fetch_release
from ..operators.release import RELEASES, Release, find_release
from ..spec.model import TrainstackError
from .errors import told

operators = typer.Typer(help="Fetch and list the operators' manifests.", no_args_is_help=True)

Wanted = Annotated[
    str | None, typer.Argument(metavar="NAME[@VERSION]", help="Default: every known operator.")
]


@operators.command()
def fetch(
    name: Wanted = None,
    origin: Annotated[
        Path | None,
        typer.Option("--from", help="A local folder or archive of the release; no download."),
    ] = None,
) -> None:
    """Put the manifests of a pinned release into the cache, for all later previews."""
    with told():
        if origin is not None and name is None:
            raise TrainstackError("--from: say which operator it holds, for example mpi-operator")
        for release in _wanted(name):
            typer.echo(f"{release.title} {fetch_release(release, origin)}")


@operators.command("list")
def list_() -> None:
    """Show the known releases, and which are in the cache."""
    for release in RELEASES:
        typer.echo(f"{release.title} {'fetched' if is_fetched(release) else 'not fetched'}")


@operators.command()
def path(name: Wanted = None) -> None:
    """Print the folder of a release in the cache; status 1 when it has not been fetched."""
    with told():
        releases = _wanted(name)
    for release in releases:
        typer.echo(str(release_folder(release)))
    if not all(map(is_fetched, releases)):
        raise typer.Exit(1)


def _wanted(name: str | None) -> list[Release]:
    if name is None:
        return list(RELEASES)
    operator, _, version = name.partition("@")
    return [find_release(operator, version.removeprefix("v") or None)]
