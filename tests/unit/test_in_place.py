"""What changes in place in a job's object; all else of its spec makes another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import trainstack
from tests.support import corpus
from trainstack.in_place import replacing

IN_PLACE = {
    "ElasticJob": {
        *("spec.suspend", "spec.ttlSecondsAfterFinished"),
        *("spec.runPolicy.suspend", "spec.runPolicy.ttlSecondsAfterFinished"),
        "spec.pytorchReplicaSpecs.Worker.replicas",
    },
    "HorovodJob": {
        *("spec.runPolicy.suspend", "spec.runPolicy.ttlSecondsAfterFinished"),
        "spec.mpiReplicaSpecs.Worker.replicas",
    },
    **{
        kind: {"spec.runPolicy.suspend", "spec.runPolicy.ttlSecondsAfterFinished"}
        for kind in ("MPIJob", "PyTorchJob", "TFJob")
    },
}


def leaves(path: str, value: Any) -> Iterator[str]:
    """Paths of all that is no dict."""
    if not isinstance(value, dict):
        yield path
        return
    for key, item in value.items():
        yield from leaves(f"{path}.{key}", item)


@pytest.mark.parametrize("name", corpus.names())
def test_everything_is_either_replaced_or_in_place(name: str) -> None:
    entry = corpus.load(name)
    job = entry["objects"][-1]
    sized = "size" in getattr(trainstack, f"{entry['kind']}Args").model_fields
    replaced = replacing(job, sized=sized)
    for path in leaves("spec", job["spec"]):
        covered = any(f"{path}.".startswith(f"{one}.") for one in replaced)
        assert covered == (path not in IN_PLACE[entry["kind"]]), path


def test_a_deadline_that_goes_is_another_object() -> None:
    job = {"spec": {"runPolicy": {"suspend": False}}}
    assert replacing(job, sized=False) == ["spec.runPolicy.activeDeadlineSeconds"]
