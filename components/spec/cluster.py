"""The cluster that jobs run on."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from .model import Args


class Cluster(Args):
    """A cluster as a kubeconfig file and a context in it; the current one by default.

    State and version hold the path only, never what is in the file.

    >>> Cluster(kubeconfig="~/.kube/config", context="training").context
    'training'
    """

    kubeconfig: str | None = None
    """Path of a kubeconfig file; default: `KUBECONFIG`, then `~/.kube/config`."""
    context: str | None = None
    """A context in that file; default: its current one."""

    @field_validator("kubeconfig")
    @classmethod
    def _a_path(cls, value: str | None) -> str | None:
        if value is not None and "\n" in value:
            raise ValueError("must be the path of a kubeconfig file, not its content")
        return value

    @property
    def config_file(self) -> str | None:
        """The kubeconfig's path with `~` expanded, or None for the default one."""
        return None if self.kubeconfig is None else str(Path(self.kubeconfig).expanduser())
