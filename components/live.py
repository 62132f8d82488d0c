"""`on_change="refuse"`: a run that is live is not replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from pulumi.runtime import mocks, settings
from urllib3.exceptions import HTTPError

from .kind import Kind
from .spec.cluster import Cluster
from .spec.inputs import mapped, text
from .spec.model import TrainstackError
from .spec.run import PREFIX, STARTED_BY, Run
from .started_by import started_by
from .status import Phase, RunRef, RunStatus
from .status.reader import Reader

_NOT_LIVE = (Phase.SUSPENDED, Phase.SUCCEEDED, Phase.FAILED)
_NOT_FOUND = 404
_SECONDS = 10
_UNKNOWN = "unknown"


def refusing(
    manifest: dict[str, Any], kind: Kind[Any], run: Run, cluster: Cluster, where: str
) -> dict[str, Any]:
    """The manifest of a run that is made only while no other version of it is live.

    An annotation says who started it. Raises `TrainstackError` that names the live version, who
    started it and how far it is; in `up` also when the cluster does not answer. Names that preview
    does not know are looked up by `up`; a program that is only synthesized asks no cluster.
    """
    if isinstance(settings.get_monitor(), mocks.MockMonitor):
        return manifest
    metadata, guard = manifest["metadata"], _Guard(kind, run, cluster, where)
    starter = mapped([metadata["name"], metadata["namespace"]], guard.look)
    checked = {
        **metadata,
        "annotations": {**metadata.get("annotations", {}), STARTED_BY: starter},
        "name": text(metadata["name"], mapped(starter, lambda _: "")),
    }
    return {**manifest, "metadata": checked}


@dataclass(frozen=True)
class _Guard:
    kind: Kind[Any]
    run: Run
    cluster: Cluster
    where: str

    def look(self, names: Any) -> str:
        """Who started, or now starts, the run of this name and namespace."""
        name, namespace = names
        try:
            return self._starter(name, namespace, _api(self.cluster))
        except (ApiException, ConfigException, HTTPError, OSError) as error:
            unseen = (
                f"{self.where}: on_change: got 'refuse', but the cluster does not tell whether a "
                f"run is live: {error}"
            )
            if not pulumi.runtime.is_dry_run():
                raise TrainstackError(unseen) from None
            pulumi.log.warn(unseen)
            return started_by()

    def _starter(self, name: str, namespace: str, api: client.ApiClient) -> str:
        objects = {
            found["metadata"]["name"]: found
            for found in _objects(api, self.kind, self.run, namespace)
        }
        own = objects.pop(name, None)
        for other in objects.values():
            status = Reader(api).status(RunRef.of(other))
            if status is not None and status.phase not in _NOT_LIVE:
                raise TrainstackError(f"{self.where}: {_told(status, _said(other))}")
        return started_by() if own is None else _said(own)


def _api(cluster: Cluster) -> client.ApiClient:
    """A client that gives up soon: a preview waits for it."""
    configuration = client.Configuration()
    config.load_kube_config(cluster.config_file, cluster.context, configuration)
    configuration.retries = 1
    return client.ApiClient(configuration)


def _objects(
    api: client.ApiClient, kind: Kind[Any], run: Run, namespace: str
) -> Iterator[dict[str, Any]]:
    """What there is of this run, in all versions; objects that are being deleted are gone."""
    labels = f"{PREFIX}run={run.name},{PREFIX}stack={run.stack_label}"
    for target in kind.targets:
        _, api_version, name = target.split(":")
        group, version = api_version.split("/")
        try:
            listed = client.CustomObjectsApi(api).list_namespaced_custom_object(
                *(group, version, namespace, f"{name.lower()}s"),
                label_selector=labels,
                _request_timeout=_SECONDS,
            )
        except ApiException as error:
            if error.status == _NOT_FOUND:
                continue
            raise
        for found in listed["items"]:
            if "deletionTimestamp" not in found["metadata"]:
                yield {"apiVersion": api_version, "kind": name, **found}


def _said(found: dict[str, Any]) -> str:
    """Who started it."""
    return str((found["metadata"].get("annotations") or {}).get(STARTED_BY, _UNKNOWN))


def _told(status: RunStatus, starter: str) -> str:
    """Which run is in the way."""
    said = [
        f"{status.phase.value.lower()} since {status.started}",
        *([str(status.progress)] if status.progress and str(status.progress) else []),
        *([f"started by {starter}"] if starter != _UNKNOWN else []),
    ]
    return (
        f"on_change: got 'refuse', and {status.kind} {status.name} is live ({', '.join(said)}); "
        "wait until it has ended, suspend or delete it, or say on_change='replace'"
    )
