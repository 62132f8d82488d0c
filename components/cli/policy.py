"""`trainstack policy`: the policy pack."""

from __future__ import annotations

from pathlib import Path

import typer

from ..policy import pack

policy = typer.Typer(help="Find the policy pack's folder.", no_args_is_help=True)


@policy.command()
def path() -> None:
    """Print the pack's folder, for `pulumi preview --policy-pack`."""
    typer.echo(str(Path(pack.__file__).parent))
