"""The command's root: one group of commands a module."""

from __future__ import annotations

import typer

from .operators import operators
from .policy import policy
from .render import render
from .report import report

app = typer.Typer(
    help="Distributed training as versioned Pulumi stacks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(operators, name="operators")
app.add_typer(policy, name="policy")
app.command()(render)
app.command()(report)


@app.callback()
def _root() -> None:
    """Keeps the groups visible even while there is only one."""
