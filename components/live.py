"""`on_change="refuse"`: a run that is live is not replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
from kubernetes.client import ApiClient
from pulumi.runtime import mocks, settings

from .kind import Kind
from .observe.objects import labelled
from .observe.place import Place, answering
from .spec.cluster import Cluster
from .spec.inputs import mapped, text
from .spec.model import TrainstackError
from .spec.run import PREFIX, STARTED_BY, Run
from .started_by import started_by
from .status import Phase, RunRef, RunStatus
from .status.reader import Reader

_NOT_LIVE = (Phase.SUSPENDED, Phase.SUCCEEDED, Phase.FAILED)
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
            with answering():
                api = Place(self.cluster.config_file, self.cluster.context).connect()
                runs = [*self._objects(api, namespace)]
                others = [run for run in runs if run["metadata"]["name"] != name]
                statuses = [Reader(api).status(RunRef.of(run)) for run in others]
        except TrainstackError as error:
            unseen = (
                f"{self.where}: on_change: got 'refuse', but the cluster does not tell whether a "
                f"run is live: {error}"
            )
            if not pulumi.runtime.is_dry_run():
                raise TrainstackError(unseen) from None
            pulumi.log.warn(unseen)
            return started_by()
        for other, status in zip(others, statuses, strict=True):
            if status is not None and status.phase not in _NOT_LIVE:
                raise TrainstackError(f"{self.where}: {_told(status, _said(other))}")
        own = next((run for run in runs if run not in others), None)
        return started_by() if own is None else _said(own)

    def _objects(self, api: ApiClient, namespace: str) -> Iterator[dict[str, Any]]:
        """What there is of this run, in all versions; objects that are being deleted are gone."""
        labels = f"{PREFIX}run={self.run.name},{PREFIX}stack={self.run.stack_label}"
        for target in self.kind.targets:
            _, api_version, kind = target.split(":")
            for found in labelled(api, namespace, (api_version, kind), labels, _SECONDS):
                if "deletionTimestamp" not in found["metadata"]:
                    yield found


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
