"""A job in a queue: a label, nothing about its suspension, and amounts as Kueue writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.jobs import changed, elastic, horovod, mpi, pytorch, tensorflow
from tests.support.parity import at
from trainstack import ElasticJobArgs
from trainstack.spec.model import parse
from trainstack.spec.queue import settled
from trainstack.spec.version import version_of

QUEUE = "kueue.x-k8s.io/queue-name"
Job = Callable[..., dict[str, Any]]
JOBS: list[tuple[Job, dict[str, Any]]] = [
    (elastic, {}),
    (elastic, {"nnodes": 2}),
    (pytorch, {"worker": {"replicas": 2}}),
    (mpi, {"worker": {"replicas": 2}}),
    (horovod, {"worker": {"replicas": 2}}),
    (tensorflow, {"worker": {"replicas": 2}}),
]


@pytest.mark.parametrize(("job", "said"), JOBS, ids=[job.__name__ for job, _ in JOBS])
def test_a_queued_job_says_so_in_a_label_and_leaves_its_suspension_out(
    job: Job, said: dict[str, Any]
) -> None:
    plain, queued = job(**said), job(**said, queue="gpus")
    labels = {**plain["metadata"]["labels"], QUEUE: "gpus"}
    changes: dict[str, Any] = {"metadata/labels": labels}
    if "runPolicy" in plain["spec"]:
        changes["spec/runPolicy/suspend"] = None
    assert queued == changed(plain, changes)


@pytest.mark.parametrize(("job", "said"), JOBS, ids=[job.__name__ for job, _ in JOBS])
def test_amounts_of_a_queued_job_are_as_kubernetes_writes_them(
    job: Job, said: dict[str, Any]
) -> None:
    amounts = {"resources": {"cpu": "1.5", "memory": "1024Mi"}, "shared_memory": "0.5Gi"}
    text = str(job(**said, **amounts, queue="gpus"))
    assert "1500m" in text
    assert "1Gi" in text
    assert "512Mi" in text
    assert not any(spelled in text for spelled in ("'1.5'", "1024Mi", "0.5Gi"))
    assert "'1.5'" in str(job(**said, **amounts))


def test_only_amounts_are_written_anew() -> None:
    part = {
        "args": ["1000m"],
        "limits": {"cpu": "1000m", "odd": "much", "gpu": 1},
        "volumes": [{"emptyDir": {"sizeLimit": "1024Ki"}}, {"name": "1024Ki"}],
    }
    assert settled(part) == {
        "args": ["1000m"],
        "limits": {"cpu": "1", "odd": "much", "gpu": 1},
        "volumes": [{"emptyDir": {"sizeLimit": "1Mi"}}, {"name": "1024Ki"}],
    }


def test_another_queue_is_another_run() -> None:
    def version(**said: Any) -> Any:
        args = {"image": "a:1", "program": {"module": "a"}, **said}
        return version_of("ElasticJob", parse(ElasticJobArgs, args, "a"), None, "shop", "dev")

    assert len({version(), version(queue="a"), version(queue="b")}) == 3


def test_the_queues_place_is_the_objects_metadata() -> None:
    pod = at(elastic(nnodes=2, queue="gpus"), "spec.pytorchReplicaSpecs.Worker.template")
    assert QUEUE not in pod["metadata"]["labels"]
