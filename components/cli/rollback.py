"""`trainstack rollback`: an earlier update of a stack brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .errors import told
from .options import HERE, AsJson, Folder, Stack
from .text import as_json as to_json

if TYPE_CHECKING:
    from ..history.rollback import Rollback

Point = Annotated[
    str, typer.Argument(help="An update's number, a run's version or job name, or a commit.")
]
Yes = Annotated[
    bool, typer.Option("--yes", metavar="", help="Do it; default: only say what to do.")
]


def rollback(
    point: Point,
    *,
    stack: Stack = None,
    yes: Yes = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what brings an earlier update back, or do it: its commit, its settings, `pulumi up`.

    Refused when the commit is not known here, or gives other runs than the update did.
    """
    from ..history.checkout import Checkout
    from ..history.commits import Repository
    from ..history.history import read_history
    from ..history.point import find_point
    from ..history.rollback import plan_rollback, run_rollback
    from ..observe.pulumi_stack import PulumiStack

    with told():
        repository = Repository(folder)
        pulumi = PulumiStack(folder, stack)
        past = read_history(pulumi)
        found = find_point(point, past, repository)
        checkout = Checkout(folder, pulumi.short_name(), repository)
        plan = plan_rollback(past, found, checkout)
        if not as_json:
            typer.echo("\n".join(_lines(plan, found.title)))
        status = run_rollback(found, checkout) if yes else None
    if as_json:
        typer.echo(to_json({**plan.as_json(), "exit_code": status}))
    elif not yes:
        typer.echo("\n".join(_by_hand(plan)))
    if status:
        raise typer.Exit(1)


def _lines(plan: Rollback, title: str) -> list[str]:
    from .history_text import change_lines

    lines = [f"rollback to {title}, {plan.update.message!r}"]
    if plan.changes is None:
        return [
            *lines,
            "    what it does to runs is not known: the backend gives out no old states",
        ]
    return [*lines, *(change_lines(plan.changes, "    ") or ["    all runs go on as they are"])]


def _by_hand(plan: Rollback) -> list[str]:
    return ["--yes does it; by hand:", *(f"    {command}" for command in plan.commands)]
