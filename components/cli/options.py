"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OneRun = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or its job's.")]
AnyRun = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="A run's name, or its job's; default: all runs."),
]
Stack = Annotated[
    str | None, typer.Option(metavar="NAME", help="Default: the one that `pulumi` has selected.")
]
Folder = Annotated[
    Path, typer.Option("--cwd", metavar="DIR", help="Folder of Pulumi.yaml; default: here.")
]
Namespace = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Find runs by their labels there instead of in a stack; default without a "
        "Pulumi.yaml: the context's.",
    ),
]
Kubeconfig = Annotated[
    str | None, typer.Option(metavar="FILE", help="Default: the stack's, else the current one.")
]
Context = Annotated[
    str | None, typer.Option(metavar="NAME", help="A context in it; default: its current one.")
]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="As JSON, for scripts.")]
HERE = Path()
