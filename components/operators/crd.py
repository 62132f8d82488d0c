"""Job kinds in the cluster: definitions that outlive the stack that brought them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi

_TOKEN = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_PATCH = f"{_TOKEN}Patch"


class Crd(pulumi.CustomResource):
    """A CustomResourceDefinition, laid over the one that may be there already.

    With `keep` it stays in the cluster, with all objects of its kind, when it leaves the program.
    It is then registered as a patch, as a definition that was kept once is there when the next
    stack brings it, and only patches are applied to what exists. Changing `keep` is an update.
    """

    def __init__(
        self, name: str, manifest: Mapping[str, Any], keep: bool, opts: pulumi.ResourceOptions
    ) -> None:
        token, other = (_PATCH, _TOKEN) if keep else (_TOKEN, _PATCH)
        own = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(type_=other)],
            hide_diffs=["spec"],
            retain_on_delete=keep,
            version=version("pulumi-kubernetes"),
        )
        props = _forced(manifest) if keep else dict(manifest)
        super().__init__(token, name, props, pulumi.ResourceOptions.merge(opts, own))


def _forced(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Always in one name, so that a later release takes over what an earlier one applied."""
    metadata = manifest["metadata"]
    annotations = {
        **metadata.get("annotations", {}),
        "pulumi.com/patchFieldManager": "trainstack",
        "pulumi.com/patchForce": "true",
    }
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def render_crd(upstream: Mapping[str, Any]) -> dict[str, Any]:
    """Upstream's definition, to be awaited, and without its schema's prose.

    The engine looks at every property in every preview; the prose is three quarters of them.
    """
    crd: dict[str, Any] = _without_prose(upstream)
    crd["metadata"].setdefault("annotations", {})["pulumi.com/waitFor"] = "condition=Established"
    return crd


def _without_prose(node: Any, named: bool = False) -> Any:
    """A copy without descriptions; `named`: the keys are property names, not schema words."""
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_prose(value, named=key == "properties" and not named)
        for key, value in node.items()
        if named or key != "description"
    }
