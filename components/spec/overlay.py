"""The one escape hatch: a partial pod template laid over the rendered one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pulumi import Output
from pydantic import AfterValidator

from .inputs import not_secret
from .shown import shown

_IDENTITY = ("mountPath", "devicePath", "name")
_MERGED = {
    "V1Container": "name",
    "V1EnvVar": "name",
    "V1LocalObjectReference": "name",
    "V1PodResourceClaim": "name",
    "V1Volume": "name",
    "V1VolumeDevice": "devicePath",
    "V1VolumeMount": "mountPath",
}
_LEAVES: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "True or False"),
    "datetime": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "object": ((int, str), "a number or a text"),
    "str": ((str,), "a text"),
}


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
    identity = _identity(base)
    if identity is not None and identity == _identity(overlay):
        by_identity = {item[identity]: item for item in base}
        for item in overlay:
            known = by_identity.get(item[identity])
            by_identity[item[identity]] = laid_over(known, item) if known else item
        return list(by_identity.values())
    return overlay


def _identity(value: Any) -> str | None:
    """The key that tells a list's items apart; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return None
    return next((key for key in _IDENTITY if value and all(key in item for item in value)), None)


def _checked(overlay: dict[str, Any]) -> dict[str, Any]:
    for key in overlay.get("metadata") or {}:
        if key not in ("annotations", "labels"):
            raise ValueError(f"metadata.{shown(key)}: allowed: annotations, labels")
    for key in (overlay.get("metadata") or {}).get("labels") or {}:
        if str(key).startswith("trainstack.dev/"):
            raise ValueError(f"metadata.labels: got {key!r}: the library's own")
    spec = overlay.get("spec") or {}
    if "restartPolicy" in spec:
        raise ValueError("spec.restartPolicy: is set from the replica's restart_policy")
    if isinstance(spec.get("terminationGracePeriodSeconds"), Output):
        raise ValueError("spec.terminationGracePeriodSeconds: must be plain, got an Output")
    return _copied(overlay, "V1PodTemplateSpec", "")  # type: ignore[no-any-return]


PodOverlay = Annotated[dict[str, Any], AfterValidator(_checked)]
"""A partial pod template (`metadata` and `spec`, camelCase as in Kubernetes): dicts merge,
lists of named things merge by name (mounts by path), other lists and values replace."""


def _copied(value: Any, kind: str, path: str) -> Any:
    """A deep copy, of which every part is what the Kubernetes API knows under that name."""
    of = re.fullmatch(r"(?i:(list)|dict)[\[(](?:str, ?)?(\w+)[\])]", kind)
    if of is not None and of[1]:
        return _copied_list(value, of[2], path)
    if of is not None:
        return {
            _text(key, path): _copied(item, of[2], f"{path}.{key}")
            for key, item in _as(Mapping, value, "a dict", path).items()
        }
    if kind not in _LEAVES:
        return _copied_object(value, kind, path)
    if isinstance(value, Output):
        return not_secret(value, f"pod_overlay{path}")
    types, allowed = _LEAVES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
        raise ValueError(f"{path[1:]}: got {shown(value)}: must be {allowed}")
    return value


def _copied_list(value: Any, kind: str, path: str) -> list[Any]:
    items = [
        _copied(item, kind, f"{path}[{index}]")
        for index, item in enumerate(_as(list, value, "a list", path))
    ]
    identity = _MERGED.get(kind)
    if identity is not None:
        known = [item.get(identity) for item in items]
        for index, name in enumerate(known):
            if not isinstance(name, str):
                raise ValueError(f"{path[1:]}[{index}].{identity}: required, plain, to merge by")
            if name in known[:index]:
                raise ValueError(f"{path[1:]}[{index}].{identity}: {name!r} is given twice")
    return items


def _copied_object(value: Any, kind: str, path: str) -> dict[str, Any]:
    from kubernetes.client import models

    model = getattr(models, kind)
    kinds = {key: model.openapi_types[field] for field, key in model.attribute_map.items()}
    copy = {}
    for key, item in _as(Mapping, value, "a dict", path).items():
        if key not in kinds:
            near = difflib.get_close_matches(str(key), sorted(kinds), n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(
                f"{path[1:]}.{key}: unknown field; {hint}".removeprefix(".")
                + f"allowed (camelCase, as in Kubernetes): {', '.join(sorted(kinds))}"
            )
        copy[key] = _copied(item, kinds[key], f"{path}.{key}")
    return copy


def _as(type_: type, value: Any, allowed: str, path: str) -> Any:
    if not isinstance(value, type_):
        raise ValueError(f"{path[1:]}: got {shown(value)}: must be {allowed}")
    return value


def _text(key: Any, path: str) -> str:
    return str(_as(str, key, "texts only as keys", path))
