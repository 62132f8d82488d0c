"""The command's root: one group of commands a module."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from .doctor import doctor
from .history import history
from .logs import logs
from .operators import operators
from .policy import policy
from .render import render
from .report import report
from .rollback import rollback
from .status import status
from .watch import watch

app = typer.Typer(
    help="Distributed training as versioned Pulumi stacks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(history, name="history")
app.add_typer(operators, name="operators")
app.add_typer(policy, name="policy")
app.command()(doctor)
app.command()(logs)
app.command()(render)
app.command()(report)
app.command()(rollback)
app.command()(status)
app.command()(watch)


def _print_version(said: bool) -> None:
    if said:
        typer.echo(f"trainstack {version('trainstack')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            help="Print the version.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Keeps the groups visible even while there is only one."""
