"""`EksGpuNodePool`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..pool import GpuNodePool, parse_pool
from ..sdk import load
from .args import EksGpuNodePoolArgs
from .render import (
    render_launch_template,
    render_node_group,
    render_placement_group,
    render_profile,
    render_template_tags,
)

_SIZE_OF_AUTOSCALER = ["scalingConfig.desiredSize"]


class EksGpuNodePool(GpuNodePool):
    """GPU nodes of an EKS cluster: a managed node group with a launch template of its own.

    Each network card gets the interface that its machine can have, Cluster Autoscaler can start
    from no nodes, and what it does to the size is no drift. Fields: `EksGpuNodePoolArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong or AWS would refuse
    it, or the package to install.

    >>> pool = EksGpuNodePool("h100", {                            # doctest: +SKIP
    ...     "cluster_name": "train", "node_role_arn": role.arn, "machine": "p5.48xlarge",
    ...     "subnets": [subnet.id], "security_groups": [efa.id], "max_nodes": 4,
    ... })
    >>> ElasticJob("llm", {..., "pool": pool})                     # doctest: +SKIP
    """

    node_group: pulumi.Output[str]
    """ID of the node group."""

    def __init__(
        self,
        name: str,
        args: EksGpuNodePoolArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"EksGpuNodePool {name!r}"
        spec = parse_pool(EksGpuNodePoolArgs, name, args, where)
        ec2, eks, autoscaling = (
            load("pulumi_aws", module, where) for module in ("ec2", "eks", "autoscaling")
        )
        super().__init__(name, spec, render_profile(name, spec), opts)
        child = pulumi.ResourceOptions(parent=self)
        placement = render_placement_group(spec)
        group = placement and ec2.PlacementGroup(name, **placement, opts=child).id
        template = ec2.LaunchTemplate(name, **render_launch_template(name, spec, group), opts=child)
        version = template.latest_version.apply(str)
        nodes = eks.NodeGroup(
            name,
            **render_node_group(name, spec, template.id, version),
            opts=self._sized(spec, _SIZE_OF_AUTOSCALER),
        )
        group_name = nodes.resources.apply(lambda made: made[0].autoscaling_groups[0].name)
        for key, value in render_template_tags(name, spec).items():
            autoscaling.Tag(
                f"{name}-{key.rpartition('node-template/')[2]}",
                autoscaling_group_name=group_name,
                tag={"key": key, "propagate_at_launch": False, "value": value},
                opts=child,
            )
        self.node_group = nodes.id
        self.register_outputs({"node_group": nodes.id, "profile": self.profile.to_dict()})
