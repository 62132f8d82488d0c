"""`trainstack status`: how runs are."""

from __future__ import annotations

import typer

from .errors import told
from .options import HERE, AnyRun, AsJson, Context, Folder, Kubeconfig, Namespace, Stack
from .text import as_json as to_json


def status(
    run: AnyRun = None,
    *,
    stack: Stack = None,
    namespace: Namespace = None,
    folder: Folder = HERE,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Show how runs are: phase, ready pods, progress, result, and why one failed or waits."""
    from ..observe.found import Scope, chosen
    from ..observe.place import Place
    from ..observe.shown import Looker
    from .status_text import status_lines

    with told():
        scope = Scope(folder, stack, namespace, Place(kubeconfig, context))
        shown = Looker().look(chosen(scope.runs(), run))
    if as_json:
        typer.echo(to_json({"runs": [one.as_json() for one in shown]}))
    else:
        typer.echo("\n".join(status_lines(shown)))
