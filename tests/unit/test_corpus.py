"""Versions and manifests of known specs stay what they were: see corpus/README.md."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tests.support import corpus
from trainstack import ElasticJobArgs, PyTorchJobArgs

ENTRIES = corpus.names()
NOT_OF_THE_RUN = {"cluster", "on_change", "operator", "timeout", "wait"}


@pytest.mark.parametrize("name", ENTRIES)
def test_version_and_objects_are_what_they_were(name: str) -> None:
    entry = corpus.load(name)
    now = corpus.made(entry)
    assert now["objects"] == entry["objects"]
    assert now["version"] == entry["version"]


def test_an_entry_is_never_rewritten() -> None:
    before = (corpus.FOLDER / f"{ENTRIES[0]}.json").read_bytes()
    with pytest.raises(FileExistsError):
        corpus.add(ENTRIES[0], corpus.load(ENTRIES[0]))
    assert (corpus.FOLDER / f"{ENTRIES[0]}.json").read_bytes() == before


@pytest.mark.parametrize("model", [PyTorchJobArgs, ElasticJobArgs])
def test_every_field_is_in_the_corpus(model: type[BaseModel]) -> None:
    kind = model.__name__.removesuffix("Args")
    refused = {"command"} if kind == "ElasticJob" else set()
    entries = [entry for entry in map(corpus.load, ENTRIES) if entry["kind"] == kind]
    said = set().union(*(_said(model, entry["args"]) for entry in entries))
    assert _fields(model) - said == refused


def _fields(model: type[BaseModel], path: str = "") -> set[str]:
    """Paths of all fields that have none below."""
    found = set()
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        at = f"{path}{name}"
        if at in NOT_OF_THE_RUN:
            continue
        found |= {at} if inner is None else _fields(inner, f"{at}.")
    return found


def _said(model: type[BaseModel], value: Any, path: str = "") -> set[str]:
    found = set()
    for name, item in value.items():
        name = {"mem": "memory"}.get(name, name)  # noqa: PLW2901
        field = model.model_fields.get(name)
        inner = _model_in(field.annotation) if field else None
        at = f"{path}{name}"
        if inner is None:
            found.add(at)
            continue
        keyed = isinstance(item, dict) and not set(item) & {"mem", *inner.model_fields}
        items = item if isinstance(item, list) else item.values() if keyed else [item]
        for one in items:
            found |= _said(inner, one, f"{at}.")
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in get_args(annotation) if (m := _model_in(arg))), None)
