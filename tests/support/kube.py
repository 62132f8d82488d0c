"""A small view of a cluster for tests."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

T = TypeVar("T")
JOB_LABEL = "training.kubeflow.org/job-name"


class Kube:
    """Reads and pokes the cluster that a kubeconfig names."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.api = config.new_client_from_config(str(kubeconfig))
        self.apps = client.AppsV1Api(self.api)
        self.core = client.CoreV1Api(self.api)
        self.custom = client.CustomObjectsApi(self.api)

    @contextmanager
    def namespace(self, hint: str) -> Iterator[str]:
        """A new namespace for as long as the block runs."""
        slug = re.sub(r"[^a-z0-9]+", "-", hint.lower()).strip("-")[:30].strip("-")
        name = f"t-{slug}-{uuid.uuid4().hex[:6]}"
        self._create_namespace(name)
        try:
            yield name
        finally:
            self.core.delete_namespace(name, grace_period_seconds=0)

    def remake_namespace(self, name: str) -> None:
        """Delete a namespace with all that is in it, and make an empty one."""
        self.core.delete_namespace(name, grace_period_seconds=0)
        self.wait(lambda: not self._there(name), "end of the namespace", 120)
        self._create_namespace(name)

    def _create_namespace(self, name: str) -> None:
        self.core.create_namespace({"metadata": {"name": name}})
        self.wait(lambda: self._has_account(name), "default service account", 30)

    def _there(self, namespace: str) -> bool:
        try:
            self.core.read_namespace(namespace)
        except ApiException:
            return False
        return True

    def _has_account(self, namespace: str) -> bool:
        try:
            self.core.read_namespaced_service_account("default", namespace)
        except ApiException:
            return False
        return True

    def pods(self, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Pods as plain dicts, by name."""
        found = self.core.list_namespaced_pod(namespace, label_selector=selector).items
        pods = [self.api.sanitize_for_serialization(pod) for pod in found]
        return sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))

    def jobs(self, namespace: str, kind: str = "pytorchjobs") -> list[dict[str, Any]]:
        """Objects of a job kind, by name."""
        group = "batch" if kind == "jobs" else "kubeflow.org"
        found = self.custom.list_namespaced_custom_object(group, "v1", namespace, kind)["items"]
        return sorted(found, key=lambda job: str(job["metadata"]["name"]))

    def logs(self, namespace: str, pod: str) -> str:
        """What a pod's container printed so far; empty before it runs."""
        try:
            return str(self.core.read_namespaced_pod_log(pod, namespace))
        except ApiException:
            return ""

    def delete_pod(self, namespace: str, pod: str, grace: int | None = None) -> None:
        """Delete a pod as `kubectl delete pod` does."""
        self.core.delete_namespaced_pod(pod, namespace, grace_period_seconds=grace)

    def evict(self, namespace: str, pod: str) -> None:
        """What `kubectl drain` does to a pod."""
        self.core.create_namespaced_pod_eviction(
            pod, namespace, {"metadata": {"name": pod, "namespace": namespace}}
        )

    def delete_job(self, namespace: str, name: str, kind: str = "pytorchjobs") -> None:
        """Delete an object of a job kind, and see its pods go."""
        group = "batch" if kind == "jobs" else "kubeflow.org"
        self.custom.delete_namespaced_custom_object(
            group, "v1", namespace, kind, name, propagation_policy="Foreground"
        )
        self.wait(lambda: not self.pods(namespace), "end of its pods", 60)

    def expire(self, namespace: str, name: str, kind: str = "pytorchjobs") -> None:
        """Let a job's time to live be over, whatever it was."""
        group, ttl = ("batch" if kind == "jobs" else "kubeflow.org"), {"ttlSecondsAfterFinished": 0}
        spec = ttl if kind == "jobs" else {"runPolicy": ttl}
        self.custom.patch_namespaced_custom_object(
            group, "v1", namespace, kind, name, {"spec": spec}
        )

    def wait(self, look: Callable[[], T], what: str, seconds: float) -> T:
        """Look until there is something, and fail the test when there is not in time."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"no {what} after {seconds:.0f} s")
            time.sleep(0.25)
