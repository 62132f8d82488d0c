"""The runs of a stack, from its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..review.fields import plain
from ..spec.run import PREFIX
from .pulumi_stack import resources


@dataclass(frozen=True)
class StackRun:
    """A run whose object is in a stack's state."""

    name: str
    """The run's name, which all its versions share."""
    kind: str
    """The component's, for example `ElasticJob`."""
    version: str
    job_name: str
    namespace: str
    fields: Mapping[str, Any]
    """What the component showed to reviewers."""
    manifest: Mapping[str, Any]
    """The object as it was sent."""
    provider: Mapping[str, Any]
    """Inputs of the Kubernetes provider."""
    outputs: Mapping[str, Any]
    """Outputs of the component."""


def stack_runs(state: Mapping[str, Any]) -> tuple[StackRun, ...]:
    """The runs in a state, by name."""
    known = resources(state)
    by_urn = {resource["urn"]: resource for resource in known}
    found = (_run(resource, by_urn) for resource in known)
    return tuple(sorted((run for run in found if run), key=lambda run: (run.name, run.job_name)))


def _run(resource: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]]) -> StackRun | None:
    """The run whose object a resource is, if it is one."""
    component = by_urn.get(resource.get("parent") or "")
    if component is None or not component["type"].startswith("trainstack:index:"):
        return None
    manifest = plain(resource.get("inputs") or {})
    metadata = manifest.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if _name(resource) != _name(component) or f"{PREFIX}run" not in labels:
        return None
    return StackRun(
        name=labels[f"{PREFIX}run"],
        kind=component["type"].rsplit(":", 1)[-1],
        version=str(labels[f"{PREFIX}version"]),
        job_name=metadata["name"],
        namespace=metadata["namespace"],
        fields=plain(component.get("inputs") or {}),
        manifest=manifest,
        provider=_provider(resource, by_urn.values()),
        outputs=plain(component.get("outputs") or {}),
    )


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _provider(resource: Mapping[str, Any], known: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    found = next((one for one in known if one["urn"] == urn), {})
    return dict(plain(found.get("inputs") or {}))
