"""A live run refuses to be replaced: the real engine, and a cluster as the test wants it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.api_server import ApiServer, api_server, items
from tests.support.looks import PYTORCHJOB, condition, job, store, worker
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

job = ts.ElasticJob("run", {{
    "image": "registry.example/digits:1",
    "namespace": "team",
    "program": {{"module": "pkg.train"}},
    "nnodes": 2,
    "on_change": "refuse",
    "hyperparameters": {{"lr": {lr}}},
}})
pulumi.export("job_name", job.job_name)
"""
JOBS = "/apis/kubeflow.org/v1/namespaces/team/pytorchjobs"
PODS = "/api/v1/namespaces/team/pods"
LINE = '2026-01-01T10:00:00Z {"trainstack": "progress", "step": 300, "total": 1000}\n'


def live(name: str, *, suspend: bool = False) -> dict[str, Any]:
    """A run that alice has started."""
    status = {"conditions": [condition("Running")], "startTime": "2026-01-01T09:00:00Z"}
    found = job(PYTORCHJOB, status, replicas={"Master": 1, "Worker": 1}, suspend=suspend)
    found["spec"]["elasticPolicy"] = {}
    found["metadata"]["name"] = name
    found["metadata"]["annotations"] = {"trainstack.dev/started-by": "alice at 1a2b3c4d"}
    return found


@pytest.fixture
def cluster_api() -> Iterator[ApiServer]:
    """An API server with nothing in it."""
    with api_server() as server:
        yield server


@pytest.fixture
def stack(offline_program: NewProgram, cluster_api: ApiServer, tmp_path: Path) -> PulumiProgram:
    """A stack that alice has brought up; its provider writes files."""
    kubeconfig = tmp_path / "kubeconfig.json"
    kubeconfig.write_text(json.dumps(cluster_api.kubeconfig))
    alice = {"GITHUB_ACTOR": "alice", "GITHUB_SHA": "1a2b3c4d5e6f"}
    stack = offline_program(
        SOURCE.format(lr=0.1),
        config={"kubernetes:renderYamlToDirectory": "rendered"},
        env={"KUBECONFIG": str(kubeconfig), **alice},
    )
    stack.up().check()
    stack.env["GITHUB_ACTOR"] = "bob"
    return stack


@pytest.fixture
def shows(cluster_api: ApiServer) -> Callable[[dict[str, Any]], None]:
    """Makes the cluster show a run with its pods and its progress."""

    def show(found: dict[str, Any]) -> None:
        cluster_api.answers = {
            JOBS: items(found),
            f"{JOBS}/{found['metadata']['name']}": found,
            PODS: items(store(), worker(0)),
            f"{PODS}/run-v1-worker-0/log": LINE.encode(),
        }

    return show


def test_while_another_version_is_live(
    stack: PulumiProgram, shows: Callable[[dict[str, Any]], None], cluster_api: ApiServer
) -> None:
    shows(live(stack.outputs()["job_name"]))
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    asked = dict(cluster_api.asked)[JOBS]
    assert asked == {"labelSelector": ["trainstack.dev/run=run,trainstack.dev/stack=test.dev"]}

    stack.use(SOURCE.format(lr=0.2))
    for failed in (stack.preview(), stack.up()):
        assert not failed.ok
        assert "ElasticJob 'run': on_change: got 'refuse', and PyTorchJob run-" in " ".join(
            failed.output.split()
        )
        assert (
            "is live (running since 2026-01-01T09:00:00Z, step 300/1000, started by alice at "
            "1a2b3c4d); wait until it has ended, suspend or delete it, or say on_change='replace'"
        ) in " ".join(failed.output.split())

    shows(live(stack.outputs()["job_name"], suspend=True))
    assert stack.preview(json=True).check().steps()["run"] != "same"


def test_while_the_cluster_does_not_answer(stack: PulumiProgram, cluster_api: ApiServer) -> None:
    cluster_api.close()
    stack.use(SOURCE.format(lr=0.2))
    unseen = "on_change: got 'refuse', but the cluster does not tell whether a run is live"
    shown = stack.preview().check()
    assert unseen in " ".join(shown.output.split())
    failed = stack.up()
    assert not failed.ok
    assert unseen in " ".join(failed.output.split())
