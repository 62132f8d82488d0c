"""What is known of the nodes that something runs on, beside what jobs know of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from ..nodepools.gke.args import GOOGLES_PLUGIN_OFF
from ..nodepools.hardware import Cloud, machines
from ..nodepools.pool import GpuNodePool
from ..spec.pool import PoolProfile


class NodesOfPool(PoolProfile):
    """A pool's profile, and whether its nodes have a GPU device plugin already.

    >>> NodesOfPool(name="h100", machine="p5.48xlarge", gpus=8).cloud
    'aws'
    """

    has_device_plugin: bool | None = None
    """Whether nodes bring a GPU device plugin of their own; default: unknown."""

    @property
    def cloud(self) -> Cloud | None:
        """Whose machine it is, None for one that is not in the table."""
        known = None if self.machine is None else machines().get(self.machine)
        return None if known is None else known.cloud

    @property
    def has_googles_plugin(self) -> bool:
        """Whether Google's device plugin is on its nodes."""
        if self.cloud != "gcp" or self.node_selector.get(GOOGLES_PLUGIN_OFF) == "true":
            return False
        return self.has_device_plugin is not False


def _known(value: Any) -> Any:
    profile = getattr(value, "profile", value)
    if isinstance(value, Mapping) or not isinstance(profile, PoolProfile):
        return value
    known = value.has_device_plugin if isinstance(value, GpuNodePool) else None
    return {**profile.to_dict(), "has_device_plugin": known}


NodePool = Annotated[NodesOfPool, BeforeValidator(_known)]
"""A pool as jobs take it: a component, a profile, or the same as a dict."""
