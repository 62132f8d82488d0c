"""`TrainingOperator`: the controller behind PyTorchJob, TFJob and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..cluster_provider import on_cluster
from ..kube import Manifest
from ..spec.model import TrainstackError, parse
from .crd import Crd
from .training_args import TrainingOperatorArgs
from .training_render import read_upstream, render_training


class TrainingOperator(pulumi.ComponentResource):
    """Installs the training-operator; jobs that name it as `operator` wait until it is ready.

    Ready means: its kinds are served, its pods run, and its webhook answers, so that a job made
    next is not refused. Fields: `TrainingOperatorArgs`. Installed are the manifests of a pinned
    release, which `trainstack operators fetch` puts into the user's cache once; a preview
    downloads nothing and needs no cluster. Only one can be in a cluster.
    Raises `TrainstackError` that names the field, or the command that fetches the manifests.

    >>> operator = TrainingOperator("training", {"kinds": ["PyTorchJob"]})   # doctest: +SKIP
    >>> PyTorchJob("mnist", {..., "operator": operator})                     # doctest: +SKIP
    """

    namespace: pulumi.Output[str]
    """Namespace of the operator."""
    kinds: pulumi.Output[list[str]]
    """The installed job kinds."""
    ready: pulumi.Output[str]
    """`<namespace>/training-operator`, known as soon as the operator is ready."""

    def __init__(
        self,
        name: str,
        args: TrainingOperatorArgs | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"TrainingOperator {name!r}"
        spec = parse(TrainingOperatorArgs, args, where)
        try:
            manifests = render_training(spec, read_upstream(spec))
        except TrainstackError as error:
            raise TrainstackError(f"{where}: {error}") from None
        opts = on_cluster(spec.cluster, opts, where)
        super().__init__("trainstack:index:TrainingOperator", name, _summary(spec, manifests), opts)
        children: dict[str, pulumi.CustomResource] = {}
        for key, manifest in manifests.items():
            options = pulumi.ResourceOptions(
                parent=self, depends_on=_needs(key, manifest, children)
            )
            child = f"{name}-{key}"
            if manifest["kind"] == "CustomResourceDefinition":
                children[key] = Crd(child, manifest, spec.keep_crds, options)
            else:
                children[key] = Manifest(child, manifest, options)
        self.namespace = pulumi.Output.from_input(spec.namespace)
        self.kinds = pulumi.Output.from_input(list(spec.kinds))
        self.ready = pulumi.Output.all(*(child.id for child in children.values())).apply(
            lambda _: f"{spec.namespace}/training-operator"
        )
        self.register_outputs(
            {"kinds": self.kinds, "namespace": self.namespace, "ready": self.ready}
        )


def _needs(
    key: str, manifest: Mapping[str, Any], before: Mapping[str, pulumi.Resource]
) -> list[pulumi.Resource]:
    """The webhook is last, and so the first to go: without a pod behind it, it refuses jobs."""
    if key == "webhook":
        return [before["deployment"]]
    if key == "deployment":
        return list(before.values())
    namespaced = "namespace" in manifest["metadata"]
    return [before["namespace"]] if namespaced and "namespace" in before else []


def _summary(spec: TrainingOperatorArgs, manifests: Mapping[str, Any]) -> dict[str, Any]:
    """Flat and sorted: what a reviewer reads in the preview."""
    said = spec.model_dump(mode="json", exclude_defaults=True, exclude={"cluster", "source"})
    pod = manifests["deployment"]["spec"]["template"]["spec"]
    shown = {
        **said,
        "image": pod["containers"][0]["image"],
        "kinds": list(spec.kinds),
        "namespace": spec.namespace,
        "version": spec.version,
    }
    return dict(sorted(shown.items()))
