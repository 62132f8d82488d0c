"""A stack of one job, and what must be the same after a fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pods import BUSYBOX
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.PyTorchJob("run", {
    "image": IMAGE,
    "namespace": config.require("namespace"),
    "resources": {"cpu": "20m", "memory": "32Mi"},
    "command": ["sleep", config.require("seconds")],
    # Ends first, so that it is not removed with the job's end.
    "worker": {"replicas": 1, "command": ["sleep", str(config.require_int("seconds") - 4)]},
    "pod_overlay": {"spec": {"terminationGracePeriodSeconds": 1}},
    "wait": config.require("wait"),
})
pulumi.export("status", job.status)
""".replace("IMAGE", repr(BUSYBOX))


@pytest.fixture
def sleeper(program: NewProgram, namespace: str) -> NewProgram:
    """Makes a stack of a job whose two pods sleep, and then have succeeded."""

    def new(seconds: int, wait: str = "finished") -> PulumiProgram:
        config = {"namespace": namespace, "seconds": str(seconds), "wait": wait}
        return program(SOURCE, config=config)

    return new


class Watched:
    """The only run of a namespace."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace

    def running(self) -> dict[str, str]:
        """The job and its two pods by uid, once both run."""
        self._kube.wait(lambda: self._phases() == ["Running"] * 2, "running pods", 120)
        return self.now()

    def succeeded(self) -> None:
        """Both pods have ended well."""
        self._kube.wait(lambda: self._phases() == ["Succeeded"] * 2, "end of both pods", 60)

    def now(self) -> dict[str, str]:
        """The job and its pods; a container that was started again counts as another."""
        pods = self._kube.pods(self._namespace)
        jobs = {one["metadata"]["name"]: one["metadata"]["uid"] for one in self.jobs()}
        return jobs | {pod["metadata"]["name"]: _life(pod) for pod in pods}

    def jobs(self) -> list[dict[str, Any]]:
        """All job objects."""
        return self._kube.jobs(self._namespace)

    def _phases(self) -> list[str]:
        return [pod["status"]["phase"] for pod in self._kube.pods(self._namespace)]


@pytest.fixture
def watched(kube: Kube, namespace: str) -> Watched:
    """What runs in this test's namespace."""
    return Watched(kube, namespace)


def _life(pod: dict[str, Any]) -> str:
    restarts = sum(one["restartCount"] for one in pod["status"].get("containerStatuses", ()))
    return f"{pod['metadata']['uid']}, {restarts} restarts"


def converged(stack: PulumiProgram) -> None:
    """The state has no open operation, and neither preview nor refresh finds anything to do."""
    exported = stack.run("stack", "export").check().json["deployment"]
    assert not exported.get("pending_operations")
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    assert set(stack.preview("--refresh", json=True).check().json["changeSummary"]) == {"same"}
