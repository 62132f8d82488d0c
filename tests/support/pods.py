"""Small pods for tests of the dev cluster itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes.stream import stream

from tests.support.kube import Kube

BUSYBOX = "localhost/trainstack/busybox:1.35"
ENDED = ("Succeeded", "Failed")


def pod(name: str, script: str, **spec: Any) -> dict[str, Any]:
    """A pod that runs a script once."""
    container = {
        "name": "main",
        "image": BUSYBOX,
        "command": ["sh", "-c", script],
        **spec.pop("container", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            **spec,
        },
    }


def start(kube: Kube, namespace: str, manifest: dict[str, Any]) -> str:
    """Create a pod and wait until it runs; gives its name."""
    name = str(manifest["metadata"]["name"])
    kube.core.create_namespaced_pod(namespace, manifest)
    kube.wait(lambda: phase(kube, namespace, name) in ("Running", *ENDED), f"running {name}", 60)
    return name


def finish(kube: Kube, namespace: str, manifest: dict[str, Any]) -> str:
    """Create a pod, wait until it has succeeded, and give what it printed."""
    name = str(manifest["metadata"]["name"])
    kube.core.create_namespaced_pod(namespace, manifest)
    kube.wait(lambda: phase(kube, namespace, name) in ENDED, f"finished {name}", 60)
    said = kube.logs(namespace, name)
    assert phase(kube, namespace, name) == "Succeeded", said
    return said


def phase(kube: Kube, namespace: str, name: str) -> str:
    """A pod's phase."""
    return str(kube.core.read_namespaced_pod(name, namespace).status.phase)


def execute(kube: Kube, namespace: str, name: str, script: str) -> str:
    """Run a script in a running pod; gives what it printed."""
    command = ["sh", "-c", script]
    with talk(kube.core.connect_get_namespaced_pod_exec, name, namespace, command=command) as said:
        said.run_forever(timeout=30)
        return str(said.read_all())


@contextmanager
def talk(
    connect: Any, name: str, namespace: str, stdin: bool = False, **rest: Any
) -> Iterator[Any]:
    """An open exec or attach."""
    connection = stream(
        connect,
        name,
        namespace,
        stdin=stdin,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
        **rest,
    )
    try:
        yield connection
    finally:
        connection.sock.shutdown()
