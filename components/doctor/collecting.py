"""Collects what a cluster shows of a run and of what it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..status import Look, RunRef
from ..status.look import container_statuses, last_seen
from ..status.pod_log import RAW, pod_log
from ..status.queueing import queued
from ..status.reader import Reader
from .evidence import OPERATORS, Evidence, Operator, Webhook

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

T = TypeVar("T")
_TAIL_LINES = 2000
_MOST_EVENTS = 1000
_MOST_PODS = 100
_NOT_FOUND = 404


class Collector:
    """Reads through one client; what it may not read is noted and left out."""

    def __init__(self, api: ApiClient) -> None:
        from kubernetes import client

        self._reader = Reader(api)
        self._core = client.CoreV1Api(api)
        self._apps = client.AppsV1Api(api)
        self._objects = client.CustomObjectsApi(api)
        self._admission = client.AdmissionregistrationV1Api(api)
        self._discovery = client.DiscoveryV1Api(api)
        self._unread: list[str] = []

    def collect(self, ref: RunRef) -> Evidence:
        """Everything about a run."""
        look = self._try("the job", lambda: self._reader.look(ref))
        if look is not None:
            found = look
            look = self._try("warnings", lambda: self._reader.with_warnings(found)) or look
            if queued(look):
                look = self._reader.with_workloads(look)
        operators = self._operators(ref)
        logs = dict(self._logs(ref.namespace, look.pods if look else []))
        for operator in operators or ():
            namespace = operator.deployment["metadata"]["namespace"]
            logs |= self._logs(namespace, [dict(pod) for pod in operator.pods])
        return Evidence(
            ref=ref,
            look=look,
            served=look is not None or self._served(ref),
            events=self._events(ref, look),
            nodes=self._nodes(),
            operators=operators,
            webhooks=self._webhooks(ref),
            logs=logs,
            unread=tuple(self._unread),
        )

    def _served(self, ref: RunRef) -> bool:
        from kubernetes.client.exceptions import ApiException

        try:
            served = _read(self._objects.get_api_resources(ref.group, ref.version, **RAW))
        except ApiException as error:
            return bool(error.status != _NOT_FOUND)
        return any(one["kind"] == ref.kind for one in served.get("resources") or ())

    def _events(self, ref: RunRef, look: Look | None) -> tuple[dict[str, Any], ...]:
        names = {ref.name, *(pod["metadata"]["name"] for pod in (look.pods if look else ()))}
        listed = self._list(
            "events",
            lambda: self._core.list_namespaced_event(ref.namespace, limit=_MOST_EVENTS, **RAW),
        )
        events = [
            event
            for event in listed or ()
            if (event.get("involvedObject") or {}).get("name") in names
        ]
        return tuple(sorted(events, key=last_seen))

    def _nodes(self) -> tuple[dict[str, Any], ...] | None:
        listed = self._list("nodes", lambda: self._core.list_node(**RAW))
        return None if listed is None else tuple(listed)

    def _operators(self, ref: RunRef) -> tuple[Operator, ...] | None:
        name = OPERATORS.get(ref.kind)
        if name is None:
            return ()
        chosen = f"metadata.name={name}"
        listed = self._list(
            "the operator's deployment",
            lambda: self._apps.list_deployment_for_all_namespaces(field_selector=chosen, **RAW),
        )
        return None if listed is None else tuple(map(self._operator, listed))

    def _operator(self, deployment: Mapping[str, Any]) -> Operator:
        namespace = deployment["metadata"]["namespace"]
        labels = deployment["spec"]["selector"].get("matchLabels") or {}
        chosen = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        listed = self._list(
            "the operator's pods",
            lambda: self._core.list_namespaced_pod(namespace, label_selector=chosen, **RAW),
        )
        return Operator(deployment, tuple(listed or ()))

    def _webhooks(self, ref: RunRef) -> tuple[Webhook, ...]:
        listed = self._list(
            "webhooks",
            lambda: self._admission.list_validating_webhook_configuration(**RAW),
        )
        return tuple(
            self._webhook(webhook)
            for configuration in listed or ()
            for webhook in configuration.get("webhooks") or ()
            if "service" in webhook["clientConfig"] and _asks_about(webhook, ref)
        )

    def _webhook(self, webhook: Mapping[str, Any]) -> Webhook:
        service = webhook["clientConfig"]["service"]
        namespace, name = service["namespace"], service["name"]
        chosen = f"kubernetes.io/service-name={name}"
        listed = self._list(
            "endpoints",
            lambda: self._discovery.list_namespaced_endpoint_slice(
                namespace, label_selector=chosen, **RAW
            ),
        )
        return Webhook(
            webhook["name"],
            f"{namespace}/{name}",
            bool(webhook["clientConfig"].get("caBundle")),
            None if listed is None else _ready_addresses(listed),
        )

    def _logs(self, namespace: str, pods: list[dict[str, Any]]) -> dict[str, str]:
        """The ends of the logs of every container that has started."""
        found = {}
        for pod in pods[:_MOST_PODS]:
            for status in container_statuses(pod):
                name = f"{pod['metadata']['name']}/{status['name']}"
                state = status.get("state") or {}
                if "running" in state or "terminated" in state:
                    found[name] = self._log(namespace, pod, status["name"], previous=False)
                if status.get("restartCount"):
                    before = self._log(namespace, pod, status["name"], previous=True)
                    found[f"{name} (before)"] = before
        return {name: text for name, text in found.items() if text}

    def _log(
        self, namespace: str, pod: Mapping[str, Any], container: str, *, previous: bool
    ) -> str | None:
        name = pod["metadata"]["name"]
        return self._try(
            f"the log of {name}/{container}",
            lambda: pod_log(
                *(self._core, namespace, name, container),
                previous=previous,
                tail_lines=_TAIL_LINES,
                timestamps=True,
            ),
        )

    def _list(self, what: str, ask: Callable[[], Any]) -> list[dict[str, Any]] | None:
        return self._try(what, lambda: list(_read(ask())["items"]))

    def _try(self, what: str, read: Callable[[], T]) -> T | None:
        from kubernetes.client.exceptions import ApiException

        try:
            return read()
        except ApiException as error:
            self._unread.append(f"{what}: {error.status} {error.reason}")
            return None


def _read(answer: Any) -> dict[str, Any]:
    return dict(json.loads(answer.data))


def _asks_about(webhook: Mapping[str, Any], ref: RunRef) -> bool:
    return any(
        {ref.group, "*"} & set(rule.get("apiGroups") or ())
        and {ref.plural, "*", "*/*"} & set(rule.get("resources") or ())
        for rule in webhook.get("rules") or ()
    )


def _ready_addresses(slices: list[dict[str, Any]]) -> int:
    return sum(
        len(endpoint.get("addresses") or ())
        for one in slices
        for endpoint in one.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
    )
