"""The one escape hatch: a partial pod template laid over the rendered one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

_OPERATOR_OWNS = "is set from the replica's restart_policy"


def _checked(overlay: dict[str, Any]) -> dict[str, Any]:
    _check_fields(overlay, "V1PodTemplateSpec", "pod_overlay")
    if "restartPolicy" in overlay.get("spec", {}):
        raise ValueError(f"pod_overlay.spec.restartPolicy: {_OPERATOR_OWNS}")
    return overlay


PodOverlay = Annotated[dict[str, Any], AfterValidator(_checked)]
"""A partial pod template (`metadata` and `spec`, camelCase as in Kubernetes): dicts merge,
lists of named things merge by name, other lists and values replace."""


def _check_fields(value: Any, type_name: str, path: str) -> None:
    """Refuse fields that the Kubernetes API does not have, instead of letting it drop them."""
    if type_name.startswith("list["):
        if not isinstance(value, list):
            raise ValueError(f"{path}: got {value!r}: must be a list")
        for index, item in enumerate(value):
            _check_fields(item, type_name[5:-1], f"{path}[{index}]")
    elif type_name.startswith("V1"):
        from kubernetes.client import models

        if not isinstance(value, Mapping):
            raise ValueError(f"{path}: got {value!r}: must be a dict")
        model = getattr(models, type_name)
        types = {key: model.openapi_types[field] for field, key in model.attribute_map.items()}
        for key, item in value.items():
            if key not in types:
                raise ValueError(
                    f"{path}.{key}: unknown field; allowed (camelCase): {', '.join(sorted(types))}"
                )
            _check_fields(item, types[key], f"{path}.{key}")


def laid_over(base: Any, overlay: Any) -> Any:
    """Merge `overlay` over `base`.

    >>> laid_over({"c": [{"name": "a", "x": 1}]}, {"c": [{"name": "a", "y": 2}]})
    {'c': [{'name': 'a', 'x': 1, 'y': 2}]}
    """
    if isinstance(base, dict) and isinstance(overlay, Mapping):
        merged = dict(base)
        for key, value in overlay.items():
            merged[key] = laid_over(base[key], value) if key in base else value
        return merged
    if _named(base) and _named(overlay):
        merged_by_name = {item["name"]: item for item in base}
        for item in overlay:
            known = merged_by_name.get(item["name"])
            merged_by_name[item["name"]] = laid_over(known, item) if known else item
        return list(merged_by_name.values())
    return overlay


def _named(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and "name" in item for item in value)
    )
