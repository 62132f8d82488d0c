"""How the command tells a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ..spec.model import TrainstackError


class UsageError(TrainstackError):
    """Words on the command line that contradict each other, or lack something."""


@contextmanager
def told() -> Iterator[None]:
    """Turns a `TrainstackError` into one message: exit status 2 for usage, 1 for all else."""
    try:
        yield
    except TrainstackError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None
