"""Pods that start together or not at all, as each kind says it to its operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LEAST, changed, elastic, horovod, mpi, pod, pytorch, tensorflow
from trainstack import Gang, TrainstackError
from trainstack.testing import synth

VOLCANO = {"scheduler": "volcano", "queue": "research"}
COSCHEDULING = {"scheduler": "gangs"}
Make = Callable[..., dict[str, Any]]

KINDS: dict[str, tuple[Make, dict[str, Any], list[str], int]] = {
    "PyTorchJob": (pytorch, {"worker": {"replicas": 3}}, ["Master", "Worker"], 4),
    "master only": (pytorch, {}, ["Master"], 1),
    "ElasticJob": (elastic, {"nnodes": 4}, ["Master", "Worker"], 5),
    "ElasticJob of a range": (elastic, {"nnodes": "2:4"}, ["Master", "Worker"], 3),
    "TFJob": (
        tensorflow,
        {"ps": {"replicas": 2}, "worker": {"replicas": 3}},
        ["Chief", "PS", "Worker"],
        6,
    ),
    "MPIJob": (mpi, {"worker": {"replicas": 4}}, ["Launcher", "Worker"], 4),
    "HorovodJob": (horovod, {"worker": {"replicas": 4}}, ["Launcher", "Worker"], 4),
    "elastic HorovodJob": (
        horovod,
        {"worker": {"replicas": 4}, "slots": 2, "min_np": 3, "size": 3},
        ["Launcher", "Worker"],
        2,
    ),
}
"""How it is made, what it says, its roles, and the pods that it can start with: without the
launcher, which is made when the workers are ready."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("gang", "policy"),
    [
        (COSCHEDULING, {}),
        ({**COSCHEDULING, "timeout_seconds": 60}, {"scheduleTimeoutSeconds": 60}),
        ({**COSCHEDULING, "min_pods": 1}, {"minAvailable": 1}),
        (VOLCANO, {"queue": "research"}),
        ({"scheduler": "volcano"}, {"queue": "default"}),
    ],
)
def test_a_gang(kind: str, gang: dict[str, Any], policy: dict[str, Any]) -> None:
    make, said, roles, least = KINDS[kind]
    plain = make(**said)
    specs = next(name for name in plain["spec"] if name.endswith("ReplicaSpecs"))
    named = {
        f"spec/{specs}/{role}/template/spec/schedulerName": gang["scheduler"] for role in roles
    }
    assert make(**said, gang=gang) == changed(
        plain,
        {"spec/runPolicy/schedulingPolicy": {"minAvailable": least, **policy}, **named},
    )


def test_volcano_orders_gangs_by_the_priority_of_pods() -> None:
    found = pytorch(gang=VOLCANO, priority="high")
    assert found["spec"]["runPolicy"]["schedulingPolicy"]["priorityClass"] == "high"
    assert pod(found, "Master")["priorityClassName"] == "high"
    other = pytorch(gang=COSCHEDULING, priority="high")
    assert other["spec"]["runPolicy"]["schedulingPolicy"] == {"minAvailable": 1}


def test_one_pod_is_no_gang() -> None:
    """Whatever is said of it: scheduler, queue, min_pods, timeout_seconds."""
    with pytest.raises(TrainstackError, match="gang: nnodes is 1, and one pod is no gang"):
        elastic(gang=VOLCANO)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "gang.scheduler: required, but not given"),
        ({"scheduler": "Volcano"}, "gang.scheduler: got 'Volcano': must be lower-case letters"),
        ({**COSCHEDULING, "queue": "research"}, "gang: queue: got 'research': is one of Volcano's"),
        ({**VOLCANO, "timeout_seconds": 9}, "timeout_seconds: got 9, which Volcano does not have"),
        ({**COSCHEDULING, "min_pods": 0}, "gang.min_pods: got 0: must be greater than or equal"),
        ({**COSCHEDULING, "min_pods": 4}, "gang.min_pods: got 4: at most 3, all pods of the run"),
        ({**COSCHEDULING, "min_pod": 2}, "min_pod: unknown field; did you mean 'min_pods'?"),
    ],
)
def test_a_wrong_gang(said: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        pytorch(worker={"replicas": 2}, gang=said)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "said", "most"),
    [
        (elastic, {"nnodes": "1:4"}, 5),
        (elastic, {"nnodes": "1:4", "size": 2}, 3),
        (mpi, {"worker": {"replicas": 4}}, 4),
        (tensorflow, {"worker": {"replicas": 2}, "evaluator": {"replicas": 1}}, 3),
    ],
)
def test_a_gang_is_at_most_all_pods(make: Make, said: dict[str, Any], most: int) -> None:
    make(**said, gang=Gang(scheduler="gangs", min_pods=most))
    with pytest.raises(TrainstackError, match=f"gang.min_pods: got {most + 1}: at most {most}"):
        make(**said, gang=Gang(scheduler="gangs", min_pods=most + 1))


def test_an_overlay_cannot_name_another_scheduler() -> None:
    overlay = {"spec": {"schedulerName": "mine"}}
    for said in ({"pod_overlay": overlay}, {"worker": {"pod_overlay": overlay}}):
        with pytest.raises(TrainstackError, match=r"spec\.schedulerName: gang\.scheduler says"):
            mpi(gang=VOLCANO, **said)


OPERATORS: dict[str, tuple[type[Any], type[Any]]] = {
    "PyTorchJob": (ts.TrainingOperator, ts.PyTorchJob),
    "MPIJob": (ts.MPIOperator, ts.MPIJob),
}


def with_operator(kind: str, scheduler: str | None, gang: dict[str, Any] | None) -> None:
    """Make a job with an operator that gives pods to `scheduler`."""
    operator, job = OPERATORS[kind]

    def program() -> None:
        made = operator("operator", {"gang_scheduler_name": scheduler})
        said = {} if gang is None else {"gang": gang}
        job("mnist", {**LEAST, "operator": made, **said})

    synth(program)


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("kind", OPERATORS)
def test_the_operator_has_to_know_the_scheduler(kind: str) -> None:
    with_operator(kind, "volcano", VOLCANO)
    with_operator(kind, None, None)
    for scheduler in (None, "gangs"):
        with pytest.raises(TrainstackError) as caught:
            with_operator(kind, scheduler, VOLCANO)
        assert str(caught.value) == (
            f"{kind} 'mnist': gang.scheduler: got 'volcano', but operator has "
            f"gang_scheduler_name={scheduler!r}; they have to be the same"
        )
    with pytest.raises(TrainstackError) as caught:
        with_operator(kind, "volcano", None)
    assert str(caught.value) == (
        f"{kind} 'mnist': gang: required, as operator gives pods to 'volcano' as gangs: say "
        "{'scheduler': 'volcano'}"
    )
