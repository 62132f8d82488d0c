"""A table: one row for each field of a job kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from trainstack.kind import Kind
from trainstack.spec.job_args import JobArgs
from trainstack.spec.model import parse
from trainstack.spec.run import Run
from trainstack.spec.version import version_of


@dataclass(frozen=True)
class Row:
    """A field, a value that is no default, and what the manifest then has at some paths."""

    field: str
    """Its path, for example `worker.requests.cpu`, `mounts[].pvc` or `secrets{}.key`."""
    said: Mapping[str, Any]
    """The value, within the job's arguments."""
    reads: Mapping[str, Any]
    """Path in the manifest to what is there: names, or for lists numbers or items' names."""
    beside: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What else has to be said for it."""
    only: bool = False
    """Whether no other value is allowed, so that the manifest is the same without it."""


@dataclass(frozen=True)
class Table:
    """A job kind, in one of the forms that it becomes."""

    name: str
    kind: Kind[Any]
    base: Mapping[str, Any]
    rows: tuple[Row, ...]
    elsewhere: Mapping[str, str]
    """Fields that a manifest does not show, each with the test that shows its effect."""

    def args(self, *said: Mapping[str, Any]) -> JobArgs:
        """The arguments: the base, and over it what is said."""
        whole = {key: value for part in (self.base, *said) for key, value in part.items()}
        args: JobArgs = parse(self.kind.args, whole, f"{self.kind.name} 'mnist'")
        return args

    def manifest(self, *said: Mapping[str, Any]) -> dict[str, Any]:
        """What it becomes."""
        run = Run(self.kind.name, "mnist", "0a1b2c3d", "shop", "dev")
        return self.kind.render(self.args(*said), run)

    def version(self, *said: Mapping[str, Any]) -> Any:
        """The run's version."""
        return version_of(self.kind.name, self.args(*said), None, "shop", "dev")

    def fields(self) -> set[str]:
        """All fields that may be said."""
        return set(leaves(self.kind.args))


def leaves(model: type[BaseModel]) -> Iterator[str]:
    """Paths of all fields that are no models themselves."""
    for name, info in model.model_fields.items():
        inner, suffix = _model_in(info.annotation)
        if inner is None:
            yield name
            continue
        for path in leaves(inner):
            yield f"{name}{suffix}.{path}"


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    suffix = {list: "[]", dict: "{}"}.get(get_origin(annotation), "")
    for part in get_args(annotation):
        inner, deeper = _model_in(part)
        if inner is not None:
            return inner, suffix + deeper
    return None, ""


def at(value: Any, path: str) -> Any:
    """What lies at a path, None where nothing does."""
    for part in path.split("."):
        if isinstance(value, list):
            items: dict[str, Any] = {item["name"]: item for item in value if "name" in item}
            value = value[int(part)] if part.isdecimal() else items.get(part)
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def said_at(said: Mapping[str, Any], path: str) -> Any:
    """The value of a field within arguments."""
    value: Any = said
    for part in path.split("."):
        value = value[part.removesuffix("[]").removesuffix("{}")]
        if part.endswith("[]"):
            (value,) = value
        elif part.endswith("{}"):
            (value,) = value.values()
    return value
