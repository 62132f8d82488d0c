"""`trainstack render`: the manifests of a program, without Pulumi and without a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ..spec.model import TrainstackError
from .errors import told

_MARK = "# Written by trainstack render; the next one replaces or removes this file.\n"

Folder = Annotated[Path, typer.Argument(metavar="PROGRAM_DIR", help="Folder of Pulumi.yaml.")]
Project = Annotated[str | None, typer.Option(help="Default: the name in Pulumi.yaml.")]
Stack = Annotated[
    str | None, typer.Option(help="Default: the only one with a file Pulumi.<stack>.yaml.")
]
Config = Annotated[
    list[str] | None,
    typer.Option("--config", metavar="KEY=VALUE", help="Goes over the files' configuration."),
]
Output = Annotated[
    Path | None, typer.Option("--output", help="Folder for one file an object; default: print all.")
]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="As a JSON List instead of YAML.")]


def render(
    folder: Folder,
    *,
    project: Project = None,
    stack: Stack = None,
    config: Config = None,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Write the manifests of a Pulumi program as YAML, for whoever applies them by other means.

    Objects that hold secrets are left out, and named on standard error.
    """
    from ..review.offline import render_offline
    from ..review.project import read_project

    with told():
        if as_json and output is not None:
            raise TrainstackError("--json prints one List; give it or --output")
        said = dict(map(_pair, config or ()))
        found = render_offline(read_project(folder, project, stack, said))
        if output is not None:
            _write(found.objects, output)
        else:
            typer.echo(_as_json(found.objects) if as_json else _as_yaml(found.objects), nl=False)
    for left_out in found.left_out:
        typer.echo(f"left out, it holds secrets: {left_out}", err=True)


def _pair(said: str) -> tuple[str, str]:
    key, equals, value = said.partition("=")
    if not (key and equals):
        raise TrainstackError(f"--config: got {said!r}: must be KEY=VALUE")
    return key, value


def _as_json(objects: Sequence[dict[str, Any]]) -> str:
    whole = {"apiVersion": "v1", "items": list(objects), "kind": "List"}
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _as_yaml(objects: Sequence[dict[str, Any]]) -> str:
    from ..review.yaml_text import to_yaml

    return "---\n".join(map(to_yaml, objects))


def _write(objects: Sequence[dict[str, Any]], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in list(_written(folder)):
            old.unlink()
        for manifest in objects:
            (folder / _file_name(manifest)).write_text(
                _MARK + _as_yaml([manifest]), encoding="utf-8"
            )
    except OSError as error:
        raise TrainstackError(f"{error.filename}: cannot be written: {error.strerror}") from None


def _written(folder: Path) -> Iterator[Path]:
    """What an earlier call wrote."""
    for file in folder.glob("*.yaml"):
        if file.read_bytes().startswith(_MARK.encode()):
            yield file


def _file_name(manifest: dict[str, Any]) -> str:
    from ..review.offline import title

    return quote(title(manifest).lower(), safe=" /").replace(" ", "_").replace("/", "_") + ".yaml"
