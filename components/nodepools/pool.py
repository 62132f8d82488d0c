"""What the pools of all clouds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pulumi

from ..spec.model import Args, parse
from ..spec.names import Label
from ..spec.pool import PoolProfile
from .gpu_pool_args import GpuPoolArgs, SizedPoolArgs
from .summary import pool_summary

A = TypeVar("A", bound=GpuPoolArgs)


class Named(Args):
    """What a pool's logical name has to be, as its nodes have it for a label."""

    name: Label
    """The logical name."""


def parse_pool(model: type[A], name: str, args: A | Mapping[str, Any], where: str) -> A:
    """Read the arguments of a pool.

    Raises `TrainstackError` that names the field, or the logical name.
    """
    parse(Named, {"name": name}, f"{where}: logical name")
    return parse(model, args, where)


class GpuNodePool(pulumi.ComponentResource):
    """GPU nodes, and what jobs are told of them."""

    profile: PoolProfile
    """What jobs take as `pool`, and what a stack exports (`profile.to_dict()`)."""
    has_device_plugin: bool
    """Whether its nodes bring a GPU device plugin of their own."""

    def __init__(
        self,
        name: str,
        args: GpuPoolArgs,
        profile: PoolProfile,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        super().__init__(f"trainstack:index:{type(self).__name__}", name, pool_summary(args), opts)
        # Afterwards, as a resource takes its inputs for outputs of the same name.
        self.profile = profile
        self.has_device_plugin = args.has_device_plugin

    def _sized(self, args: SizedPoolArgs, size: list[str]) -> pulumi.ResourceOptions:
        """Options of the nodes, whose size Pulumi leaves alone where an autoscaler owns it."""
        return pulumi.ResourceOptions(parent=self, ignore_changes=size if args.scales else None)
