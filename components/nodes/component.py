"""What runs on GPU nodes beside jobs: `NvidiaDevicePlugin`, `EfaDevicePlugin`, `DcgmExporter`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..claims import claim
from ..cluster_provider import on_cluster
from ..kube import Manifest
from ..spec.inputs import has_outputs, text
from ..spec.model import Args, TrainstackError, parse
from ..spec.names import Label
from .args import DcgmExporterArgs, EfaDevicePluginArgs, NodeAgentArgs, NvidiaDevicePluginArgs
from .render import (
    METRICS_PORT,
    render_dcgm_exporter,
    render_efa_device_plugin,
    render_nvidia_device_plugin,
)


class Named(Args):
    """What the objects are called unless `name` is given."""

    name: Label
    """The logical name."""


class NodeAgent(pulumi.ComponentResource):
    """A DaemonSet on the nodes of some pools, and what belongs to it."""

    ready: pulumi.Output[str]
    """`<namespace>/<name>`, known as soon as it is ready on all nodes that there are."""

    def __init__(
        self,
        name: str,
        args: NodeAgentArgs,
        manifests: Mapping[str, dict[str, Any]],
        opts: pulumi.ResourceOptions | None,
        where: str,
    ) -> None:
        super().__init__(
            f"trainstack:index:{type(self).__name__}",
            name,
            _summary(args),
            on_cluster(args.cluster, opts, where),
        )
        metadata = manifests["daemon-set"]["metadata"]
        self._claim(args, metadata, where)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        made = [Manifest(f"{name}-{key}", one, child) for key, one in manifests.items()]
        called = text(metadata["namespace"], "/", metadata["name"])
        self.ready = pulumi.Output.all(called, *(one.id for one in made)).apply(
            lambda known: str(known[0])
        )

    def _claim(self, args: NodeAgentArgs, metadata: Mapping[str, Any], where: str) -> None:
        """Take name and nodes.

        Raises `TrainstackError` when another component of the stack has them: two would write one
        object, or offer the same devices twice.
        """
        cluster = self.get_provider("kubernetes:core/v1:Pod")
        place = (metadata["namespace"], metadata["name"])
        if not has_outputs(place):
            before = claim((cluster, "DaemonSet", *place), where)
            if before is not None:
                raise TrainstackError(
                    f"{where}: name: {place[1]!r} in namespace {place[0]!r} is {before} already; "
                    "give one of them another name"
                )
        for index, pool in enumerate(args.pools):
            nodes = tuple(sorted(pool.node_selector.items()))
            before = claim((cluster, type(self), nodes), where)
            if before is not None:
                raise TrainstackError(
                    f"{where}: pools[{index}]: {pool.name!r} has {before} already; name each pool "
                    "once"
                )


class NvidiaDevicePlugin(NodeAgent):
    """NVIDIA's device plugin, by which pods can ask for GPUs, on the nodes of some pools.

    Its pods are on these nodes only and tolerate their taints. Fields: `NvidiaDevicePluginArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong, or a pool's nodes have
    a device plugin already.

    >>> plugin = NvidiaDevicePlugin("gpus", {"pools": [pool]})               # doctest: +SKIP
    >>> opts = pulumi.ResourceOptions(depends_on=[plugin])                   # doctest: +SKIP
    >>> ElasticJob("llm", {..., "pool": pool}, opts)                         # doctest: +SKIP
    """

    def __init__(
        self,
        name: str,
        args: NvidiaDevicePluginArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"NvidiaDevicePlugin {name!r}"
        spec = parse(NvidiaDevicePluginArgs, args, where)
        manifests = render_nvidia_device_plugin(spec, _called(spec, name, where))
        super().__init__(name, spec, manifests, opts, where)
        self.register_outputs({"ready": self.ready})


class EfaDevicePlugin(NodeAgent):
    """AWS's EFA device plugin, by which pods can ask for EFA, on the nodes of some pools.

    Its pods are on these nodes only and tolerate their taints; huge pages are the nodes' own, with
    or without it. Fields: `EfaDevicePluginArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong, or a pool has no EFA.

    >>> plugin = EfaDevicePlugin("efa", {"pools": [pool]})                   # doctest: +SKIP
    """

    def __init__(
        self,
        name: str,
        args: EfaDevicePluginArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"EfaDevicePlugin {name!r}"
        spec = parse(EfaDevicePluginArgs, args, where)
        manifests = render_efa_device_plugin(spec, _called(spec, name, where))
        super().__init__(name, spec, manifests, opts, where)
        self.register_outputs({"ready": self.ready})


class DcgmExporter(NodeAgent):
    """NVIDIA's DCGM exporter: metrics of GPUs for Prometheus, from the nodes of some pools.

    A DaemonSet, a Service and, with `monitor`, a ServiceMonitor. Fields: `DcgmExporterArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong, or a pool's nodes have
    an exporter of their cloud.

    >>> metrics = DcgmExporter("dcgm", {"pools": [pool]})                    # doctest: +SKIP
    """

    address: pulumi.Output[str]
    """`http://<name>.<namespace>.svc:9400/metrics`, of any one of its pods."""

    def __init__(
        self,
        name: str,
        args: DcgmExporterArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"DcgmExporter {name!r}"
        spec = parse(DcgmExporterArgs, args, where)
        called = _called(spec, name, where)
        super().__init__(name, spec, render_dcgm_exporter(spec, called), opts, where)
        self.address = pulumi.Output.from_input(
            text("http://", called, ".", spec.namespace, f".svc:{METRICS_PORT}/metrics")
        )
        self.register_outputs({"address": self.address, "ready": self.ready})


def _called(spec: NodeAgentArgs, name: str, where: str) -> str:
    """What its objects are called.

    Raises `TrainstackError` when the logical name cannot be one.
    """
    return spec.name or parse(Named, {"name": name}, f"{where}: logical name").name


def _summary(args: NodeAgentArgs) -> dict[str, Any]:
    """Flat and sorted: what a reviewer reads in the preview."""
    said = args.model_dump(exclude_defaults=True, exclude={"cluster", "pools"})
    summary = {
        **said,
        "image": args.image,
        "namespace": args.namespace,
        "pools": [pool.name for pool in args.pools],
    }
    return dict(sorted(summary.items()))
