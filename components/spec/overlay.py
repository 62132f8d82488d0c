"""The one escape hatch: a partial pod template laid over the rendered one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pulumi import Output
from pydantic import AfterValidator, ValidationInfo

from .inputs import place
from .kube_fields import KubeFields
from .shown import shown

_AS_WHOM = ("imagePullPolicy", "name", "securityContext")
_WHAT_RUNS = ("containers", "initContainers", "resourceClaims", "resources", "volumes")
_IDENTITY = ("mountPath", "devicePath", "name")


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


def placement(overlay: Mapping[str, Any], container: str) -> dict[str, Any]:
    """What an overlay says of where and as whom a pod runs, and nothing of what runs in it.

    That is all but volumes, claims, amounts and containers; of `container` it keeps how the image
    is pulled and the security context.
    """
    spec = overlay.get("spec", {})
    kept = {key: value for key, value in spec.items() if key not in _WHAT_RUNS}
    own = [
        {key: value for key, value in item.items() if key in _AS_WHOM}
        for item in spec.get("containers", [])
        if item["name"] == container
    ]
    return {**overlay, "spec": {**kept, "containers": own} if own else kept}


def _identity(value: Any) -> str | None:
    """The key that tells a list's items apart; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return None
    return next((key for key in _IDENTITY if value and all(key in item for item in value)), None)


def _checked(overlay: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    checked: dict[str, Any] = KubeFields(place(info, "pod_overlay")).read(
        overlay, "V1PodTemplateSpec"
    )
    metadata, spec = checked.get("metadata", {}), checked.get("spec", {})
    for key in metadata:
        if key not in ("annotations", "labels"):
            raise ValueError(f"metadata.{key}: allowed in metadata: annotations, labels")
    for key in metadata.get("labels", {}):
        if key.startswith("trainstack.dev/"):
            raise ValueError(f"metadata.labels: got {shown(key)}: the library's own")
    if "restartPolicy" in spec:
        raise ValueError("spec.restartPolicy: is set from the replica's restart_policy")
    if isinstance(spec.get("terminationGracePeriodSeconds"), Output):
        raise ValueError("spec.terminationGracePeriodSeconds: must be plain, got an Output")
    return checked


PodOverlay = Annotated[dict[str, Any], AfterValidator(_checked)]
"""A partial pod template (`metadata` and `spec`, camelCase as in Kubernetes): dicts merge,
lists of named things merge by name (mounts by path), other lists and values replace."""
