"""No two jobs of a stack are the same object."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from .claims import claim
from .spec.inputs import has_outputs
from .spec.model import TrainstackError


def claim_name(manifest: Mapping[str, Any], cluster: Hashable, where: str) -> None:
    """Take the object's name on its cluster for the job called `where`.

    Raises `TrainstackError` when another job of the stack has it: both would write one object.
    """
    metadata = manifest["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    if has_outputs([name, namespace]):
        return
    before = claim((cluster, manifest["kind"], namespace, name), where)
    if before is not None:
        raise TrainstackError(
            f"{where}: run_name: {name!r} in namespace {namespace!r} is {before} already; give "
            "one of them another run_name or version"
        )
