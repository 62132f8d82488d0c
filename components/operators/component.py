"""What the operator components have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..cluster_provider import on_cluster
from ..kube import Manifest
from .args import OperatorArgs
from .crd import Crd


class OperatorComponent(pulumi.ComponentResource):
    """Registers an operator's manifests in the order of their needs."""

    namespace: pulumi.Output[str]
    """Namespace of the operator."""
    ready: pulumi.Output[str]
    """`<namespace>/<operator>`, known as soon as the operator is ready."""

    def __init__(
        self,
        name: str,
        args: OperatorArgs,
        manifests: Mapping[str, dict[str, Any]],
        opts: pulumi.ResourceOptions | None,
        *,
        shown: Mapping[str, Any],
        where: str,
    ) -> None:
        super().__init__(
            f"trainstack:index:{type(self).__name__}",
            name,
            _summary(args, manifests, shown),
            on_cluster(args.cluster, opts, where),
        )
        children: dict[str, pulumi.CustomResource] = {}
        for key, manifest in manifests.items():
            options = pulumi.ResourceOptions(
                parent=self, depends_on=_needs(key, manifest, children)
            )
            child = f"{name}-{key}"
            if manifest["kind"] == "CustomResourceDefinition":
                children[key] = Crd(child, manifest, args.keep_crds, options)
            else:
                children[key] = Manifest(child, manifest, options)
        self.namespace = pulumi.Output.from_input(args.namespace)
        self.ready = pulumi.Output.all(*(child.id for child in children.values())).apply(
            lambda _: f"{args.namespace}/{args.OPERATOR}"
        )


def _needs(
    key: str, manifest: Mapping[str, Any], before: Mapping[str, pulumi.Resource]
) -> list[pulumi.Resource]:
    """A webhook is last, and so the first to go: without a pod behind it, it refuses jobs."""
    if key.endswith("webhook"):
        return [before["deployment"]]
    if key == "deployment":
        return list(before.values())
    namespaced = "namespace" in manifest["metadata"]
    return [before["namespace"]] if namespaced and "namespace" in before else []


def _summary(
    args: OperatorArgs, manifests: Mapping[str, Any], shown: Mapping[str, Any]
) -> dict[str, Any]:
    """Flat and sorted: what a reviewer reads in the preview."""
    said = args.model_dump(mode="json", exclude_defaults=True, exclude={"cluster", "source"})
    pod = manifests["deployment"]["spec"]["template"]["spec"]
    summary = {
        **said,
        "image": pod["containers"][0]["image"],
        "namespace": args.namespace,
        "version": args.version,
        **shown,
    }
    return dict(sorted(summary.items()))
