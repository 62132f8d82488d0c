"""`trainstack report`: the review comment of a preview."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..review.change import Review, StackChange
from ..review.comment import comment
from ..review.preview import read_preview
from ..review.reading import stack_change
from ..spec.model import TrainstackError
from .errors import told

_ID = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="What `pulumi preview --json` printed; '-' is standard input."
    ),
]
Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", metavar="NAME=FILE", help="One of several stacks in one comment."),
]
Output = Annotated[
    Path | None, typer.Option("--output", help="Write it into this file; default: print it.")
]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="The same as JSON, for scripts.")]
ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code",
        metavar="",
        help="End with 0 when nothing happens to any run, 2 when a run starts, restarts, stops or "
        "changes in place, 1 when a preview failed.",
    ),
]
Id = Annotated[
    str, typer.Option("--id", help="Tells this comment from others in its hidden first line.")
]


def report(
    file: File = "-",
    *,
    stacks: Stacks = None,
    output: Output = None,
    as_json: AsJson = False,
    exit_code: ExitCode = False,
    id_: Id = "default",
) -> None:
    """Write the review comment: what a change does to which training run, in Markdown."""
    with told():
        if not _ID.fullmatch(id_):
            raise TrainstackError(
                f"--id: got {id_!r}: must be letters and digits with single '.', '_' or '-' between"
            )
        if stacks and file != "-":
            raise TrainstackError(f"got the file {file!r} and --stack; give one of them")
        review = Review(tuple(map(_named, stacks)) if stacks else (_read(file, None),))
        text = _as_json(review) if as_json else comment(review, id_)
        _write(text, output)
    if exit_code:
        raise typer.Exit(1 if review.failed else 2 if review.changed else 0)


def _named(said: str) -> StackChange:
    name, equals, file = said.partition("=")
    if not (name and equals and file):
        raise TrainstackError(f"--stack: got {said!r}: must be NAME=FILE")
    return _read(file, name)


def _read(file: str, name: str | None) -> StackChange:
    where = "standard input" if file == "-" else file
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TrainstackError(f"{where}: not JSON: not even UTF-8 text") from None
    except OSError as error:
        raise TrainstackError(f"{where}: cannot be read: {error.strerror}") from None
    return stack_change(read_preview(text, where), name)


def _as_json(review: Review) -> str:
    return json.dumps(review.as_json(), indent=2, ensure_ascii=False) + "\n"


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TrainstackError(f"{output}: cannot be written: {error.strerror}") from None
