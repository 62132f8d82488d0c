"""Which run is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..commands import pod_selector


@dataclass(frozen=True)
class RunRef:
    """A job object of the cluster by its API version, kind, namespace and name.

    >>> RunRef("kubeflow.org/v1", "PyTorchJob", "team", "digits-1a2b3c4d").plural
    'pytorchjobs'
    """

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> RunRef:
        """The run that a job's manifest, or its live object, describes."""
        metadata = manifest["metadata"]
        return cls(
            manifest["apiVersion"], manifest["kind"], metadata["namespace"], metadata["name"]
        )

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.partition("/")[0]

    @property
    def version(self) -> str:
        """The API's version."""
        return self.api_version.partition("/")[2]

    @property
    def plural(self) -> str:
        """The kind's name in API paths."""
        return f"{self.kind.lower()}s"

    @property
    def selector(self) -> str:
        """Selects the run's pods."""
        return f"{pod_selector({'apiVersion': self.api_version})}={self.name}"
