"""A changed run while the old one is live: what is in the cluster, and when."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import NewProgram
from tests.support.kube import JOB_LABEL, Kube
from tests.support.pods import BUSYBOX
from tests.support.pulumi_cli import PulumiProgram

SCRIPT = """
echo '{"trainstack": "progress", "step": 300, "total": 1000}'
sleep 600
"""
SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.PyTorchJob("run", {
    "namespace": config.require("namespace"),
    "image": config.require("image"),
    "resources": {"cpu": "20m", "memory": "32Mi"},
    "command": ["sh", "-c", config.require("script")],
    "worker": {"replicas": 1},
    "on_change": config.require("on_change"),
    "pod_overlay": {"spec": {"terminationGracePeriodSeconds": 5}},
    "wait": "running",
})
pulumi.export("job_name", job.job_name)
"""
CHANGED = SOURCE.replace('"wait"', '"env": {"LR": "0.2"}, "wait"')

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator")]


@pytest.fixture
def live(program: NewProgram, namespace: str) -> NewProgram:
    """Makes a stack whose run is live."""

    def new(on_change: str) -> PulumiProgram:
        alice = {"GITHUB_ACTOR": "alice", "GITHUB_SHA": "1a2b3c4d5e6f"}
        config = {"namespace": namespace, "on_change": on_change}
        stack = program(SOURCE, config={**config, "image": BUSYBOX, "script": SCRIPT}, env=alice)
        stack.up().check()
        return stack

    return new


def runs_at_once(kube: Kube, namespace: str, stack: PulumiProgram) -> set[frozenset[str]]:
    """The runs that had pods at the same time, looked at for as long as `up` takes."""
    seen: set[frozenset[str]] = set()
    with ThreadPoolExecutor() as pool:
        up = pool.submit(stack.up)
        while not up.done():
            pods = kube.pods(namespace)
            seen.add(frozenset(pod["metadata"]["labels"][JOB_LABEL] for pod in pods))
            time.sleep(0.1)
        up.result().check()
    return seen


@pytest.mark.parametrize("on_change", ["replace", "overlap"])
def test_the_old_run(live: NewProgram, kube: Kube, namespace: str, on_change: str) -> None:
    stack = live(on_change)
    old = stack.outputs()["job_name"]
    seen = runs_at_once(kube, namespace, stack.use(CHANGED))
    new = stack.outputs()["job_name"]
    assert new != old
    assert (frozenset({old, new}) in seen) == (on_change == "overlap")
    assert [job["metadata"]["name"] for job in kube.jobs(namespace)] == [new]
    stack.destroy().check()


def test_a_live_run_refuses(live: NewProgram, kube: Kube, namespace: str) -> None:
    stack = live("refuse")
    old = stack.outputs()["job_name"]
    stack.use(CHANGED)
    for failed in (stack.preview(), stack.up()):
        said = " ".join(failed.output.split())
        assert not failed.ok
        assert f"on_change: got 'refuse', and PyTorchJob {old} is live (running since " in said
        assert ", step 300/1000, started by alice at 1a2b3c4d); wait until it has ended" in said
    assert [job["metadata"]["name"] for job in kube.jobs(namespace)] == [old]

    kube.delete_job(namespace, old)
    stack.up().check()
    assert [job["metadata"]["name"] for job in kube.jobs(namespace)] == [
        stack.outputs()["job_name"]
    ]
    stack.destroy().check()
