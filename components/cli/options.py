"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[str | None, typer.Option(help="Default: the one that `pulumi` has selected.")]
Folder = Annotated[
    Path, typer.Option("--cwd", metavar="DIR", help="Folder of Pulumi.yaml; default: here.")
]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="As JSON, for scripts.")]
HERE = Path()
