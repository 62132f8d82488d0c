"""The Kubernetes objects of a program, from its registrations alone."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..spec.model import TrainstackError
from ..testing import UNKNOWN, Registration, named, synth
from .failures import failures_of
from .fields import plain
from .project import HIDDEN, Project

_FIRST = ("Namespace", "CustomResourceDefinition")


@dataclass(frozen=True)
class Manifests:
    """What a program makes on Kubernetes, in order of application, then by name."""

    objects: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]
    """Objects that hold secrets, and where: `Secret default/hub: stringData.token`."""


def render_offline(project: Project) -> Manifests:
    """Run a project's program without an engine; what it prints goes to standard error.

    Raises `TrainstackError` for an object with a value that nobody knows before `up`, for a
    setting that is missing, and with the program's own frames for any exception of its.
    """
    with redirect_stdout(sys.stderr), failures_of(project):
        made = synth(
            _program(project.program),
            project=project.name,
            stack_name=project.stack,
            preview=True,
            config=project.config,
            secret_config=project.encrypted,
            folder=project.program.parent,
        )
    return manifests(made.registrations)


def manifests(registrations: list[Registration]) -> Manifests:
    """The objects among the registrations.

    >>> made = Registration("kubernetes:core/v1:ConfigMap", "a", {
    ...     "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}, "", {})
    >>> manifests([made]).objects[0]["metadata"]
    {'name': 'a'}
    """
    objects: dict[str, dict[str, Any]] = {}
    left_out: list[str] = []
    for made in sorted(registrations, key=lambda one: (one.type, one.name)):
        if not made.type.startswith("kubernetes:"):
            continue
        manifest = _manifest(made)
        where = title(manifest)
        if unknown := [path for path, value in _leaves(made.inputs) if value == UNKNOWN]:
            raise TrainstackError(
                f"{made.type.split(':')[-1]} {made.name!r}: {', '.join(unknown)}: not known before "
                "`pulumi up`; only values that are known without it can be rendered"
            )
        if hidden := [path for path, value in _leaves(manifest) if HIDDEN in value]:
            left_out.append(f"{where}: {', '.join(hidden)}")
        elif objects.setdefault(where, manifest) is not manifest:
            raise TrainstackError(f"two resources make the same object: {where}")
    return Manifests(tuple(sorted(objects.values(), key=_order)), tuple(sorted(left_out)))


def title(manifest: Mapping[str, Any]) -> str:
    """Kind, group, namespace and name of an object: `Job.batch default/digits-1a2b3c4d`."""
    metadata = manifest["metadata"]
    group, slash, _ = manifest["apiVersion"].partition("/")
    namespace = metadata.get("namespace")
    kind = f"{manifest['kind']}.{group}" if slash else manifest["kind"]
    return f"{kind} {namespace}/{metadata['name']}" if namespace else f"{kind} {metadata['name']}"


def _program(file: Path) -> Callable[[], object]:
    whole = file.absolute()

    def run() -> None:
        sys.path.insert(0, str(whole.parent))
        try:
            runpy.run_path(str(whole), run_name="__main__")
        finally:
            del sys.path[0]

    return run


def _manifest(made: Registration) -> dict[str, Any]:
    """The object as it would be sent, named as its resource where the program gives no name."""
    said = plain(named(made.type, made.name, made.inputs), HIDDEN)
    if not isinstance(said.get("apiVersion"), str) or not isinstance(said.get("kind"), str):
        raise TrainstackError(
            f"{made.type} {made.name!r}: only Pulumi's engine knows what objects it makes"
        )
    return {**said, "kind": said["kind"].removesuffix("Patch")}


def _order(manifest: Mapping[str, Any]) -> tuple[int, str]:
    kind = manifest["kind"]
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), title(manifest))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths of all texts."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value
