"""How the command tells a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ..spec.model import TrainstackError


@contextmanager
def told() -> Iterator[None]:
    """Turns a `TrainstackError` into one message and exit status 1."""
    try:
        yield
    except TrainstackError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
