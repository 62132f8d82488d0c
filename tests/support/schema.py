"""Validates manifests as the API server would, and stricter: unknown fields are errors."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators
from kubernetes.client import ApiClient


def crd_schema(path: Path, version: str) -> dict[str, Any]:
    """The strict schema of one version of a custom resource."""
    crd = yaml.safe_load(path.read_text())
    (schema,) = (
        entry["schema"]["openAPIV3Schema"]
        for entry in crd["spec"]["versions"]
        if entry["name"] == version
    )
    return strict(schema)


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, with every field that it does not name refused."""
    found = copy.deepcopy(schema)
    for part in _parts(found):
        if "properties" in part and "additionalProperties" not in part:
            part["additionalProperties"] = False
        if part.get("x-kubernetes-int-or-string"):
            part.pop("type", None)
    return found


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "properties" in value or "type" in value or "x-kubernetes-int-or-string" in value:
            yield value
        for item in value.values():
            yield from _parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)


def _map_keys(
    _validator: Any, keys: list[str], items: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    defaults = {name: part.get("default") for name, part in schema["items"]["properties"].items()}
    found = [tuple(item.get(key, defaults.get(key)) for key in keys) for item in items]
    for identity in dict.fromkeys(found):
        if found.count(identity) > 1:
            yield ValidationError(f"{dict(zip(keys, identity, strict=True))} is given twice")


_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"x-kubernetes-list-map-keys": _map_keys}
)


def errors(manifest: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """What is wrong with a manifest, each with its path."""
    found = _Validator(schema).iter_errors(manifest)
    return [f"{error.json_path}: {error.message}" for error in found]


def read_back(manifest: dict[str, Any]) -> Any:
    """What the Kubernetes client keeps of a core object: unknown fields are gone, types fixed."""
    api = ApiClient()
    # The public `deserialize` takes other arguments in each major version.
    kept = api._ApiClient__deserialize(manifest, f"V1{manifest['kind']}")
    return api.sanitize_for_serialization(kept)
