"""Just enough of a client for the API server; importing the official one takes a second."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from .certs import Pki
from .errors import DevClusterError
from .settings import NAME, Settings

Manifest = dict[str, Any]

PLURALS = {
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Node": ("/api/v1", "nodes"),
    "Service": ("/api/v1", "services"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "StorageClass": ("/apis/storage.k8s.io/v1", "storageclasses"),
}


class ApiError(DevClusterError):
    """The server's answer was no; status 0 when there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Api:
    """The API server, as the administrator or as another client with a certificate."""

    settings: Settings
    pki: Pki
    client: str = "admin"

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Checks the server, and shows who we are."""
        context = ssl.create_default_context(cafile=self.pki.cert("ca"))
        context.load_cert_chain(self.pki.cert(self.client), self.pki.key(self.client))
        return context

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content: str = "application/json",
        timeout: float = 10,
    ) -> Any:
        """The answer, parsed."""
        with self._response(method, path, body, content, timeout) as response:
            text = response.read().decode()
        return json.loads(text)

    def watch(self, path: str, seconds: int = 240) -> Iterator[Manifest]:
        """Events, those that say what is there already first; ends by itself after a while."""
        query = f"?watch=true&timeoutSeconds={seconds}"
        with self._response("GET", path + query, timeout=seconds + 30) as response:
            while line := response.readline():
                yield json.loads(line)

    @contextmanager
    def _response(
        self,
        method: str,
        path: str,
        body: object = None,
        content: str = "application/json",
        timeout: float = 10,
    ) -> Iterator[http.client.HTTPResponse]:
        address = urlsplit(self.settings.server)
        connection = http.client.HTTPSConnection(
            str(address.hostname), address.port, timeout=timeout, context=self.tls
        )
        headers = {"Content-Type": content, "Accept": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            if response.status >= 400:
                said = _message(response.read().decode())
                raise ApiError(f"{method} {path}: {said}", response.status)
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"The API server does not answer: {error}.") from None
        finally:
            connection.close()

    def get(self, path: str) -> Manifest | None:
        """An object, or None when there is none."""
        try:
            found: Manifest = self.request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    def apply(self, manifest: Manifest) -> None:
        """Server-side apply."""
        query = f"?fieldManager={NAME}&force=true"
        self.request(
            "PATCH", f"{path_of(manifest)}{query}", manifest, "application/apply-patch+yaml"
        )

    def merge(self, path: str, patch: Mapping[str, Any]) -> None:
        """Change some fields of an object."""
        self.request("PATCH", path, patch, "application/merge-patch+json")


def path_of(manifest: Manifest) -> str:
    """The path of an object."""
    prefix, plural = PLURALS[manifest["kind"]]
    namespace = manifest["metadata"].get("namespace")
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{prefix}{inside}/{plural}/{manifest['metadata']['name']}"


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:300]
