"""From what the API server shows to the phase of a run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.looks import JOB, MPIJOB, PYTORCHJOB, condition, job, pod
from trainstack.status import Look, Phase
from trainstack.status.phase import phase_of


@pytest.mark.parametrize(
    ("kind", "status", "phase"),
    [
        (PYTORCHJOB, None, Phase.UNSEEN),
        (PYTORCHJOB, {}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": None}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": []}, Phase.UNSEEN),
        (PYTORCHJOB, {"conditions": [condition("Created")]}, Phase.PENDING),
        (
            PYTORCHJOB,
            {"conditions": [condition("Created"), condition("Suspended")]},
            Phase.PENDING,
        ),
        (PYTORCHJOB, {"conditions": [condition("Created"), condition("Running")]}, Phase.RUNNING),
        (
            PYTORCHJOB,
            {"conditions": [condition("Created"), condition("Restarting")]},
            Phase.PENDING,
        ),
        (
            PYTORCHJOB,
            {"conditions": [condition("Running", "False"), condition("Succeeded")]},
            Phase.SUCCEEDED,
        ),
        (
            PYTORCHJOB,
            {"conditions": [condition("Running", "False"), condition("Failed")]},
            Phase.FAILED,
        ),
        (PYTORCHJOB, {"conditions": [condition("Failed", "False")]}, Phase.PENDING),
        (JOB, None, Phase.UNSEEN),
        (JOB, {}, Phase.UNSEEN),
        (JOB, {"active": 1, "ready": 0}, Phase.PENDING),
        (JOB, {"active": 1, "ready": 1}, Phase.RUNNING),
        (JOB, {"succeeded": 1, "conditions": [condition("SuccessCriteriaMet")]}, Phase.PENDING),
        (
            JOB,
            {"conditions": [condition("SuccessCriteriaMet"), condition("Complete")]},
            Phase.SUCCEEDED,
        ),
        (JOB, {"conditions": [condition("FailureTarget"), condition("Failed")]}, Phase.FAILED),
        (JOB, {"active": 1, "ready": 1, "conditions": [condition("Failed")]}, Phase.FAILED),
    ],
)
def test_phase(kind: str, status: dict[str, Any] | None, phase: Phase) -> None:
    assert phase_of(Look(job(kind, status), [])) is phase


EVICTED = {"conditions": [condition("Created"), condition("Failed", reason="MPIJobEvicted")]}
ENDED_AT = "2026-01-01T10:00:00Z"
LOST = pod("run-worker-1", statuses=[], phase="Failed", reason="Evicted")


@pytest.mark.parametrize(
    ("status", "pods", "phase"),
    [
        (None, [], Phase.UNSEEN),
        ({"conditions": [condition("Created")]}, [], Phase.PENDING),
        (
            {"conditions": [condition("Running")], "replicaStatuses": {"Launcher": {"active": 1}}},
            [],
            Phase.RUNNING,
        ),
        (
            {"conditions": [condition("Created")], "replicaStatuses": {"Launcher": {}}},
            [],
            Phase.PENDING,
        ),
        ({"conditions": [condition("Succeeded")], "completionTime": ENDED_AT}, [], Phase.SUCCEEDED),
        ({"conditions": [condition("Failed")], "completionTime": ENDED_AT}, [], Phase.FAILED),
        # Evicted workers: the launcher goes on without them, or was never started.
        ({**EVICTED, "replicaStatuses": {"Launcher": {"active": 1}}}, [LOST], Phase.RUNNING),
        ({**EVICTED, "replicaStatuses": {"Launcher": {}}}, [LOST], Phase.PENDING),
        ({**EVICTED, "replicaStatuses": {"Worker": {"failed": 1}}}, [LOST], Phase.FAILED),
        ({**EVICTED, "completionTime": ENDED_AT}, [LOST], Phase.FAILED),
        ({"conditions": [condition("Created")]}, [LOST], Phase.FAILED),
    ],
)
def test_phase_of_an_mpijob(
    status: dict[str, Any] | None, pods: list[dict[str, Any]], phase: Phase
) -> None:
    assert phase_of(Look(job(MPIJOB, status), pods)) is phase


@pytest.mark.parametrize("kind", [JOB, MPIJOB, PYTORCHJOB])
@pytest.mark.parametrize(
    ("conditions", "phase"),
    [
        ([], Phase.SUSPENDED),
        ([condition("Created"), condition("Suspended")], Phase.SUSPENDED),
        ([condition("Failed")], Phase.FAILED),
    ],
)
def test_a_run_that_is_held_back(kind: str, conditions: list[dict[str, str]], phase: Phase) -> None:
    status = {"conditions": conditions, "completionTime": ENDED_AT}
    assert phase_of(Look(job(kind, status, suspend=True), [])) is phase
