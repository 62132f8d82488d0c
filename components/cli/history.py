"""`trainstack history`: the versions that a stack has run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from .errors import UsageError, told
from .options import HERE, AsJson, Folder, Stack
from .text import as_json as to_json

history = typer.Typer(invoke_without_command=True)

Run = Annotated[
    str | None, typer.Option("--run", metavar="NAME", help="Only what happened to this run.")
]
Last = Annotated[int, typer.Option("--last", min=0, help="How many updates; 0 for all.")]
Point = Annotated[str, typer.Argument(help="An update's number, a run's version, or a commit.")]


@history.callback()
def show(
    context: typer.Context,
    *,
    stack: Stack = None,
    run: Run = None,
    last: Last = 10,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a stack's updates: when, from which commit, whose, and what they did to which run."""
    if context.invoked_subcommand is not None:
        with told():
            if (stack, run, last, folder, as_json) != (None, None, 10, HERE, False):
                raise UsageError(f"options go behind `history {context.invoked_subcommand}`")
        return
    from ..history.history import read_history
    from ..observe.pulumi_stack import PulumiStack
    from .history_text import listing

    with told():
        found = read_history(PulumiStack(folder, stack)).last(last or None)
    if as_json:
        typer.echo(to_json({"updates": [entry.as_json() for entry in found]}))
    else:
        typer.echo("\n".join(listing(found, run)))


@history.command()
def diff(
    before: Point,
    after: Point,
    *,
    stack: Stack = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how the manifests of two points differ, each rendered in a worktree of its commit.

    The settings are those that the update had; for a commit that was never up, the commit's own.
    """
    from ..history.checkout import Checkout
    from ..history.commits import Repository
    from ..history.history import read_history
    from ..history.manifest_diff import manifest_diff
    from ..history.point import find_point
    from ..history.rendered import rendered
    from ..observe.pulumi_stack import PulumiStack

    with told():
        repository = Repository(folder)
        pulumi = PulumiStack(folder, stack)
        past = read_history(pulumi)
        points = [find_point(said, past, repository) for said in (before, after)]
        checkout = Checkout(folder, pulumi.short_name(), repository)
        manifests = []
        for point in points:
            with checkout.at(point) as place:
                manifests.append(rendered(place, checkout.stack))
        diffs = manifest_diff(*manifests)
    if as_json:
        titles = [point.title for point in points]
        typer.echo(to_json({"points": titles, "objects": [asdict(diff) for diff in diffs]}))
    else:
        typer.echo("".join(diff.diff for diff in diffs), nl=False)
