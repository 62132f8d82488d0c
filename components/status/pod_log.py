"""What a container has printed."""

from __future__ import annotations

from typing import Any

from kubernetes import client

REQUEST_SECONDS = 30
RAW = {"_preload_content": False, "_request_timeout": REQUEST_SECONDS}
"""What the client would decode it would also check, and refuse half a character in a log."""


def pod_log(
    core: client.CoreV1Api, namespace: str, pod: str, container: str | None, **options: Any
) -> str:
    """A container's log, `options` being those of the API; raises `ApiException`."""
    answer = core.read_namespaced_pod_log(pod, namespace, container=container, **RAW, **options)
    return str(answer.data.decode(errors="replace"))
