"""What a queued run waits for, and behind how many."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tests.support.looks import JOB, PYTORCHJOB, condition, job
from trainstack.status import Look, status_of

NOW = datetime(2026, 1, 1, 11, tzinfo=timezone.utc)
QUEUED = {"kueue.x-k8s.io/queue-name": "gpus"}
SHORT = "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu"
PENDING = condition("QuotaReserved", "False", "Pending", SHORT)


def workload(
    of: str = "run-v1",
    *conditions: dict[str, str],
    made: int = 0,
    kind: str = PYTORCHJOB,
    **spec: Any,
) -> dict[str, Any]:
    """What Kueue makes of a job, `made` minutes past ten."""
    return {
        "metadata": {
            "name": f"{kind.lower()}-{of}-1a2b3",
            "creationTimestamp": f"2026-01-01T10:{made:02}:00Z",
            "ownerReferences": [{"kind": kind, "name": of}],
        },
        "spec": {"queueName": "gpus", **spec},
        "status": {"conditions": list(conditions)},
    }


def said(*workloads: dict[str, Any], suspend: bool = True) -> tuple[str, str | None, Any]:
    found = job(PYTORCHJOB, {}, labels=QUEUED, suspend=suspend)
    status = status_of(Look(found, [], [], list(workloads)), NOW)
    return status.headline, status.reason, status.to_dict()["place"]


def test_the_reason_and_the_place() -> None:
    before = workload("other", PENDING, made=0)
    assert said(before, workload("run-v1", PENDING, made=5)) == (
        "Queued in gpus (2 of 2)",
        SHORT,
        {"at": 2, "of": 2},
    )


@pytest.mark.parametrize(
    "other",
    [
        workload("other", condition("QuotaReserved")),
        workload("other", condition("QuotaReserved"), condition("Finished")),
        workload("other", PENDING, active=False),
        workload("other", PENDING, queueName="cpus"),
        workload("other", PENDING, made=9),
        workload("other", PENDING, priority=-1),
    ],
    ids=["admitted", "finished", "deactivated", "of another queue", "later", "of less priority"],
)
def test_who_is_not_before_it(other: dict[str, Any]) -> None:
    headline, *_ = said(other, workload("run-v1", PENDING, made=5))
    assert headline.startswith("Queued in gpus (1 of ")


def test_a_higher_priority_goes_first() -> None:
    later = workload("other", PENDING, made=9, priority=10)
    assert said(later, workload("run-v1", PENDING, priority=5))[0] == "Queued in gpus (2 of 2)"


def test_a_workload_that_kueue_has_not_looked_at_yet() -> None:
    assert said(workload("run-v1")) == ("Queued in gpus (1 of 1)", None, {"at": 1, "of": 1})


def test_a_run_that_has_its_quota_waits_for_something_else() -> None:
    waits = condition("Admitted", "False", "ChecksNotReady", "the nodes are being made")
    assert said(workload("run-v1", condition("QuotaReserved"), waits)) == (
        "Queued in gpus",
        "the nodes are being made",
        None,
    )


def test_a_run_that_had_to_make_room_for_another() -> None:
    conditions = (
        PENDING,
        condition("Admitted", "False", "NoReservation", "The workload has no reservation"),
        condition("Evicted", "True", "Preempted", "Preempted to accommodate a workload"),
    )
    assert said(workload("run-v1", *conditions))[:2] == (
        "Queued in gpus (1 of 1)",
        f"Preempted; {SHORT}",
    )


def test_a_deactivated_workload() -> None:
    headline, reason, place = said(workload("run-v1", PENDING, active=False))
    assert (headline, place) == ("Queued in gpus", None)
    assert reason == "its workload is deactivated: Kueue will not start it"


@pytest.mark.parametrize(
    "workloads", [[], [workload("run-v1", PENDING, kind=JOB)], [workload("other", PENDING)]]
)
def test_without_a_workload_of_its_own(workloads: list[dict[str, Any]]) -> None:
    assert said(*workloads) == ("Queued in gpus", None, None)


def test_a_run_that_was_let_go_has_no_place() -> None:
    assert said(workload("run-v1", PENDING), suspend=False) == ("Unseen", None, None)
