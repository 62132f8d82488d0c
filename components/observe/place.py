"""The cluster that runs are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..spec.model import TrainstackError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_SECRET = "[secret]"
_CONNECTIONS = 1000


@dataclass(frozen=True)
class Place:
    """A kubeconfig and a context in it; by default the current ones."""

    kubeconfig: str | None = None
    """Path of a file, or its content."""
    context: str | None = None

    @classmethod
    def of_provider(cls, provider: Mapping[str, Any]) -> Place:
        """Where a Kubernetes provider of a stack puts its objects."""
        return cls(provider.get("kubeconfig") or None, provider.get("context") or None)

    def over(self, other: Place) -> Place:
        """This place, with what it does not say taken from another."""
        if self.kubeconfig is not None:
            return self
        return Place(other.kubeconfig, self.context or other.context)

    def connect(self) -> ApiClient:
        """A client of the cluster.

        Raises `TrainstackError` when there is no such file or context.
        """
        import yaml
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException

        if self.kubeconfig == _SECRET:
            raise TrainstackError("the stack keeps its kubeconfig as a secret; give --kubeconfig")
        settings = client.Configuration()
        settings.retries = 0
        settings.connection_pool_maxsize = _CONNECTIONS
        said = {"context": self.context, "client_configuration": settings}
        try:
            if self.kubeconfig and "\n" in self.kubeconfig:
                config.load_kube_config_from_dict(yaml.safe_load(self.kubeconfig), **said)
            else:
                path = str(Path(self.kubeconfig).expanduser()) if self.kubeconfig else None
                config.load_kube_config(path, persist_config=False, **said)
        except (ConfigException, OSError, yaml.YAMLError) as error:
            raise TrainstackError(f"no cluster: {error}") from None
        return client.ApiClient(settings)

    def namespace(self) -> str:
        """The context's own namespace."""
        from kubernetes import config
        from kubernetes.config.config_exception import ConfigException

        try:
            contexts, current = config.list_kube_config_contexts(self.kubeconfig)
        except ConfigException as error:
            raise TrainstackError(f"no cluster: {error}") from None
        named = (one for one in contexts if one["name"] == self.context)
        return str(next(named, current)["context"].get("namespace") or "default")


@contextmanager
def answering() -> Iterator[None]:
    """Turns what a cluster answers, or that it does not, into a `TrainstackError`."""
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        told = f"refuses: {error.status}" if error.status else "does not answer:"
        raise TrainstackError(f"the cluster {told} {error.reason}") from None
    except (HTTPError, OSError) as error:
        raise TrainstackError(f"the cluster does not answer: {error}") from None
