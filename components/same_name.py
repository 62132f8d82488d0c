"""No two jobs of a stack are the same object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from .spec.inputs import has_outputs
from .spec.model import TrainstackError

_made: WeakKeyDictionary[pulumi.Resource, dict[tuple[Any, ...], str]] = WeakKeyDictionary()


def claim_name(manifest: Mapping[str, Any], cluster: object, where: str) -> None:
    """Take the object's name on its cluster for the job called `where`.

    Raises `TrainstackError` when another job of the stack has it: both would write one object.
    """
    metadata, root = manifest["metadata"], get_root_resource()
    name, namespace = metadata["name"], metadata["namespace"]
    if root is None or has_outputs([name, namespace]):
        return
    known, key = _made.setdefault(root, {}), (cluster, manifest["kind"], namespace, name)
    if key in known:
        raise TrainstackError(
            f"{where}: run_name: {name!r} in namespace {namespace!r} is {known[key]} already; give "
            "one of them another run_name or version"
        )
    known[key] = where
