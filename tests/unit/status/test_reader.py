"""Reading, from an API server that answers what the test wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.support.api_server import ApiServer, api_server, items
from tests.support.looks import (
    MPIJOB,
    PYTORCHJOB,
    condition,
    event,
    job,
    launcher,
    store,
    waiting,
    worker,
)
from trainstack.status import Look, Phase, Progress, RunRef
from trainstack.status.reader import Reader

REF = RunRef("kubeflow.org/v1", PYTORCHJOB, "team", "run-v1")
JOB = "/apis/kubeflow.org/v1/namespaces/team/pytorchjobs/run-v1"
PODS = "/api/v1/namespaces/team/pods"
EVENTS = "/api/v1/namespaces/team/events"
LOG = f"{PODS}/run-v1-worker-0/log"
RUNNING = job(
    PYTORCHJOB, {"conditions": [condition("Running")]}, replicas={"Master": 1, "Worker": 1}
)
RUNNING["spec"]["elasticPolicy"] = {}
LINE = '2026-01-01T10:00:00Z {"trainstack": "progress", "step": 3, "loss": 0.5}\n'


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """An API server with nothing in it."""
    with api_server() as server:
        yield server


@pytest.fixture
def reader(server: ApiServer) -> Iterator[Reader]:
    """Reads from it."""
    with client.ApiClient(client.Configuration(host=server.address)) as api:
        yield Reader(api)


def test_a_running_run_with_its_progress(server: ApiServer, reader: Reader) -> None:
    server.answers = {JOB: RUNNING, PODS: items(store(), worker(0)), LOG: LINE.encode()}
    status = reader.status(REF)
    assert status is not None
    assert (status.phase, status.total) == (Phase.RUNNING, 2)
    assert status.progress == Progress(3, None, {"loss": 0.5}, "2026-01-01T10:00:00Z")
    paths = [path for path, _ in server.asked]
    assert paths == [JOB, PODS, LOG]
    assert server.asked[1][1] == {"labelSelector": ["training.kubeflow.org/job-name=run-v1"]}
    said = server.asked[2][1]
    assert (said["container"], said["tailLines"]) == (["pytorch"], ["1000"])


def test_the_progress_of_an_mpi_run_is_in_its_launchers_log(
    server: ApiServer, reader: Reader
) -> None:
    running = job(MPIJOB, {"conditions": [condition("Running")]}, replicas={"Worker": 2})
    at = "2026-01-01T10:00:00Z"
    log = f'{at} [1]<stdout>:{{"step": 9}}\n{at} [0]<stdout>:{{"step": 3, "total": 9}}\n'
    server.answers = {f"{PODS}/run-v1-launcher-x7k2p/log": log.encode()}
    found = reader.progress(Look(running, [worker(0), launcher(), worker(1)]))
    assert found == Progress(3, 9, {}, at)


def test_no_such_run(reader: Reader) -> None:
    assert reader.status(REF) is None


def test_a_run_that_may_not_be_seen(server: ApiServer, reader: Reader) -> None:
    server.answers = {JOB: 403}
    with pytest.raises(ApiException, match="403"):
        reader.status(REF)


def test_a_pending_run_is_asked_about_with_its_pods(server: ApiServer, reader: Reader) -> None:
    stuck = worker(0, waiting("ContainerCreating"), phase="Pending")
    created = job(PYTORCHJOB, {"conditions": [condition("Created")]})
    mount = event("FailedMount", 'configmap "x" not found', "run-v1-worker-0")
    server.answers = {JOB: created, PODS: items(stuck), EVENTS: items(mount)}
    status = reader.status(REF)
    assert status is not None
    assert status.reason == 'run-v1-worker-0: FailedMount: configmap "x" not found'
    asked = [query["fieldSelector"] for path, query in server.asked if path == EVENTS]
    assert asked == [
        ["type=Warning,involvedObject.name=run-v1"],
        ["type=Warning,involvedObject.name=run-v1-worker-0"],
    ]


HELD = job(PYTORCHJOB, {}, labels={"kueue.x-k8s.io/queue-name": "gpus"}, suspend=True)
WORKLOADS = "/apis/kueue.x-k8s.io/{}/namespaces/team/workloads"
WORKLOAD = {
    "metadata": {"name": "a", "ownerReferences": [{"kind": PYTORCHJOB, "name": "run-v1"}]},
    "spec": {"queueName": "gpus"},
    "status": {"conditions": [condition("QuotaReserved", "False", "Pending", "no room")]},
}


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_a_queued_run_is_asked_about_at_kueue(
    server: ApiServer, reader: Reader, version: str
) -> None:
    path = WORKLOADS.format(version)
    server.answers = {JOB: HELD, PODS: items(), path: items(WORKLOAD)}
    status = reader.status(REF)
    assert status is not None
    assert (status.headline, status.reason) == ("Queued in gpus (1 of 1)", "no room")


@pytest.mark.parametrize("answer", [403, 404])
def test_workloads_that_may_not_be_read_are_no_error(
    server: ApiServer, reader: Reader, answer: int
) -> None:
    server.answers = {JOB: HELD, PODS: items(), WORKLOADS.format("v1beta1"): answer}
    status = reader.status(REF)
    assert status is not None
    assert (status.headline, status.reason) == ("Queued in gpus", None)


def test_a_log_that_is_not_there_leaves_what_was_known(server: ApiServer, reader: Reader) -> None:
    before = Progress(3)
    assert reader.progress(Look(RUNNING, [worker(0)]), before) is before
    assert reader.progress(Look(RUNNING, []), before) is before


def test_a_log_with_half_a_character(server: ApiServer, reader: Reader) -> None:
    server.answers = {LOG: b"2026-01-01T09:00:00Z \xe2\x82\n" + LINE.encode()}
    found = reader.progress(Look(RUNNING, [worker(0)]))
    assert found is not None
    assert found.step == 3


def test_last_lines(server: ApiServer, reader: Reader) -> None:
    server.answers = {LOG: b"one\ntwo\n"}
    look = Look(RUNNING, [worker(0)])
    assert reader.last_lines(look, "run-v1-worker-0", "pytorch", 5) == ["one", "two"]
    assert server.asked[-1][1] == {"container": ["pytorch"], "tailLines": ["5"]}
    assert reader.last_lines(look, "run-v1-worker-9", "pytorch", 5) == []


def test_a_reference_from_a_manifest() -> None:
    ref = RunRef.of(job("Job"))
    assert ref == RunRef("batch/v1", "Job", "team", "run-v1")
    assert (ref.group, ref.version, ref.plural) == ("batch", "v1", "jobs")
    assert ref.selector == "batch.kubernetes.io/job-name=run-v1"
