"""Checks a part of a Kubernetes object against the API, which would drop what it does not know."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi import Output

from .inputs import not_secret
from .shown import shown

_LISTED_BY = {
    "V1Container": "name",
    "V1EnvVar": "name",
    "V1LocalObjectReference": "name",
    "V1PodResourceClaim": "name",
    "V1Volume": "name",
    "V1VolumeDevice": "devicePath",
    "V1VolumeMount": "mountPath",
}
"""Lists of these merge by this field, which therefore has to be there."""
_LEAVES: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "True or False"),
    "datetime": ((str,), "a text"),
    "int": ((int,), "a whole number"),
    "object": ((int, str), "a number or a text"),
    "str": ((str,), "a text"),
}
_CONTAINERS = re.compile(r"(?P<outer>list|dict)[\[(](str, ?)?(?P<inner>\w+)[\])]", re.IGNORECASE)


@dataclass(frozen=True)
class KubeFields:
    """Reads values as the types of the `kubernetes` package name them."""

    where: str
    """Opens the error about a secret Output."""

    def read(self, value: Any, kind: str, path: str = "") -> Any:
        """A deep copy of `value`, of which every part is what the API has under that name.

        Raises `ValueError` that names the path of an unknown field or of a wrong type.
        """
        container = _CONTAINERS.fullmatch(kind)
        if container is None and kind in _LEAVES:
            return self._leaf(value, kind, path)
        if container is None:
            return self._object(value, kind, path)
        if container["outer"].lower() == "list":
            return self._list(value, container["inner"], path)
        return {
            _is((str,), key, "a text", f"{path}, key"): self.read(
                item, container["inner"], f"{path}.{key}"
            )
            for key, item in _is((Mapping,), value, "a dict", path).items()
        }

    def _leaf(self, value: Any, kind: str, path: str) -> Any:
        if isinstance(value, Output):
            return not_secret(value, f"{self.where}{path}")
        types, allowed = _LEAVES[kind]
        return _is(types, value, allowed, path)

    def _list(self, value: Any, kind: str, path: str) -> list[Any]:
        said = _is((list,), value, "a list", path)
        items = [self.read(item, kind, f"{path}[{index}]") for index, item in enumerate(said)]
        identity = _LISTED_BY.get(kind)
        names = [item.get(identity) for item in items] if identity else []
        for index, name in enumerate(names):
            at = f"{path[1:]}[{index}].{identity}"
            if not isinstance(name, str):
                raise ValueError(f"{at}: required, as a plain text to merge by")
            if name in names[:index]:
                raise ValueError(f"{at}: {shown(name)} is given twice")
        return items

    def _object(self, value: Any, kind: str, path: str) -> dict[str, Any]:
        from kubernetes.client import models

        model = getattr(models, kind)
        kinds = {key: model.openapi_types[field] for field, key in model.attribute_map.items()}
        said = _is((Mapping,), value, "a dict", path)
        for key in said:
            if key not in kinds:
                raise ValueError(_unknown(f"{path}.{key}"[1:], str(key), sorted(kinds)))
        return {key: self.read(item, kinds[key], f"{path}.{key}") for key, item in said.items()}


def _unknown(path: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{path}: unknown field; {hint}allowed (camelCase, as in Kubernetes): {', '.join(known)}"


def _is(types: tuple[type, ...], value: Any, allowed: str, path: str) -> Any:
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ValueError(f"{path[1:]}: got {shown(value)}: must be {allowed}")
    return value
