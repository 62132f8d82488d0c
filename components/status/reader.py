"""Reads runs from a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from .look import Look, last_seen
from .phase import Phase, phase_of
from .pod_log import RAW, REQUEST_SECONDS, pod_log
from .progress import Progress, progress_in
from .queueing import queued
from .ref import RunRef
from .roles import rank_zero_pods
from .run_status import RunStatus, status_of

_TAIL_LINES = 1000
_MOST_WARNINGS = 100
_NOT_FOUND = 404
_KUEUE_VERSIONS = ("v1beta1", "v1beta2")
_WORTH_ASKING = (Phase.UNSEEN, Phase.PENDING, Phase.FAILED)
_WORTH_A_LOOK = (Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED)


class Reader:
    """Looks at runs through one client; its errors are `ApiException` and urllib3's."""

    def __init__(self, api: client.ApiClient) -> None:
        self._jobs = client.CustomObjectsApi(api)
        self._core = client.CoreV1Api(api)

    @classmethod
    def at(cls, kubeconfig: str | None = None, context: str | None = None) -> Reader:
        """Of the cluster that a kubeconfig file and a context in it name; default: the current."""
        path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
        return cls(config.new_client_from_config(config_file=path, context=context))

    def status(self, ref: RunRef) -> RunStatus | None:
        """A run's whole state, or None when there is no such object."""
        look = self.look(ref)
        if look is None:
            return None
        if phase_of(look) in _WORTH_ASKING:
            look = self.with_warnings(look)
        if queued(look):
            look = self.with_workloads(look)
        return status_of(look, datetime.now(timezone.utc), self.progress(look))

    def look(self, ref: RunRef) -> Look | None:
        """The job object and its pods, or None when there is no such object."""
        try:
            job = self._jobs.get_namespaced_custom_object(
                ref.group,
                ref.version,
                ref.namespace,
                ref.plural,
                ref.name,
                _request_timeout=REQUEST_SECONDS,
            )
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        pods = _items(
            self._core.list_namespaced_pod(ref.namespace, label_selector=ref.selector, **RAW)
        )
        return Look(job, pods)

    def with_warnings(self, look: Look) -> Look:
        """The same with the warnings about the job and about pods of it that are not ready."""
        namespace = look.job["metadata"]["namespace"]
        names = [look.name, *(pod["metadata"]["name"] for pod in look.pods if _waits(pod))][:3]
        found = [event for name in names for event in self._warnings(namespace, name)]
        return replace(look, warnings=sorted(found, key=last_seen))

    def with_workloads(self, look: Look) -> Look:
        """The same with what Kueue says of it; without, where that may not be read."""
        namespace = look.job["metadata"]["namespace"]
        for version in _KUEUE_VERSIONS:
            with suppress(ApiException):
                found = self._jobs.list_namespaced_custom_object(
                    "kueue.x-k8s.io",
                    version,
                    namespace,
                    "workloads",
                    _request_timeout=REQUEST_SECONDS,
                )
                return replace(look, workloads=found["items"])
        return look

    def progress(self, look: Look, before: Progress | None = None) -> Progress | None:
        """What rank 0 last printed of its progress, going on from `before`."""
        if phase_of(look) not in _WORTH_A_LOOK:
            return before
        found = before
        for pod in rank_zero_pods(look):
            log = self._log(look, pod, timestamps=True, tail_lines=_TAIL_LINES)
            found = progress_in(log, found)
        return found

    def last_lines(self, look: Look, pod: str, container: str, count: int) -> list[str]:
        """The end of what a container, or the one before it, printed; empty when that is gone."""
        here = next((found for found in look.pods if found["metadata"]["name"] == pod), None)
        if here is None:
            return []
        rest = {"container": container, "tail_lines": count}
        log = self._log(look, here, **rest) or self._log(look, here, previous=True, **rest)
        return log.splitlines()

    def _log(self, look: Look, pod: dict[str, Any], **options: Any) -> str:
        """A container's log; empty when it cannot be had."""
        options.setdefault("container", next(iter(look.containers), None))
        name, namespace = pod["metadata"]["name"], look.job["metadata"]["namespace"]
        try:
            return pod_log(self._core, namespace, name, **options)
        except ApiException:
            return ""

    def _warnings(self, namespace: str, name: str) -> Iterable[dict[str, Any]]:
        chosen = f"type=Warning,involvedObject.name={name}"
        return _items(
            self._core.list_namespaced_event(
                namespace, field_selector=chosen, limit=_MOST_WARNINGS, **RAW
            )
        )


def _items(answer: Any) -> list[dict[str, Any]]:
    return list(json.loads(answer.data)["items"])


def _waits(pod: dict[str, Any]) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Pending")
