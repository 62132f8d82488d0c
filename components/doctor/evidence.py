"""All that a cluster shows of a run and of what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..status import Look, RunRef

OPERATORS = {
    "MPIJob": "mpi-operator",
    "PyTorchJob": "training-operator",
    "TFJob": "training-operator",
}
"""Names of the deployments that control the kinds; nothing has to be installed for a batch Job."""


@dataclass(frozen=True)
class Operator:
    """The controller of a kind, as it is installed."""

    deployment: Mapping[str, Any]
    pods: tuple[Mapping[str, Any], ...] = ()

    @property
    def where(self) -> str:
        """Namespace and name."""
        metadata = self.deployment["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}"

    @property
    def ready(self) -> int:
        """Pods that are ready."""
        return int((self.deployment.get("status") or {}).get("readyReplicas") or 0)


@dataclass(frozen=True)
class Webhook:
    """A webhook that is asked about objects of the kind."""

    name: str
    service: str
    """Namespace and name."""
    has_authority: bool
    """Whether the API server knows by which authority to trust it."""
    addresses: int | None
    """Ready pods behind the service; None when that cannot be read."""


@dataclass(frozen=True)
class Evidence:
    """What was found, as the API server sent it."""

    ref: RunRef
    look: Look | None
    """None when there is no such object."""
    served: bool = True
    """Whether the API server knows the kind."""
    events: tuple[Mapping[str, Any], ...] = ()
    """Of the job and its pods, the oldest first."""
    nodes: tuple[Mapping[str, Any], ...] | None = None
    """None when they cannot be read."""
    operators: tuple[Operator, ...] | None = None
    """Every installation of the kind's operator; None when they cannot be looked for."""
    webhooks: tuple[Webhook, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)
    """The ends of the containers' logs, the operators' too, by a name for each."""
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""
