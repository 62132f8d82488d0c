"""What of a job's object changes in place: everything else of its spec makes another object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def replacing(manifest: Mapping[str, Any], *, sized: bool) -> list[str]:
    """Paths of the manifest whose change replaces the object: its spec without what may change.

    That is `suspend`, `ttlSecondsAfterFinished` and, of a job with a size (`sized`), the number of
    workers.
    """
    spec = manifest["spec"]
    policy = "spec.runPolicy" if "runPolicy" in spec else "spec"
    roles = next((name for name in spec if name.endswith("ReplicaSpecs")), None)
    changing = {f"{policy}.suspend", f"{policy}.ttlSecondsAfterFinished"}
    if sized and roles is not None:
        changing.add(f"spec.{roles}.Worker.replicas")
    # A deadline may have been there before.
    return sorted({f"{policy}.activeDeadlineSeconds", *_others("spec", spec, changing)})


def _others(path: str, value: Any, changing: set[str]) -> Iterator[str]:
    """The shortest paths from `path` on that hold none of `changing`."""
    if not any(f"{one}.".startswith(f"{path}.") for one in changing):
        yield path
    elif path not in changing:
        for key, item in value.items():
            yield from _others(f"{path}.{key}", item, changing)
