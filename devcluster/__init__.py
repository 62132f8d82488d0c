"""The embedded one-node Kubernetes and the builds of its tools."""

from __future__ import annotations

from .cluster import DevCluster
from .errors import DevClusterError
from .status import ComponentStatus, Status

__all__ = ["ComponentStatus", "DevCluster", "DevClusterError", "Status"]
