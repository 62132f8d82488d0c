"""What is told of logs that are no longer there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import looks
from trainstack.logs.gone import gone
from trainstack.status import Look

SUCCEEDED = {"conditions": [looks.condition("Succeeded")]}
RUNNING = {"conditions": [looks.condition("Running")]}
KEEPS = "another run keeps them when TRAINSTACK_LOG_DIR in its env names a folder on a volume"


def job(status: dict[str, Any] = SUCCEEDED) -> dict[str, Any]:
    return looks.job(looks.PYTORCHJOB, status, replicas={"Master": 1, "Worker": 2})


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (Look(job(RUNNING), []), []),
        (
            Look(job(), [looks.pod("m", labels=looks.worker(0)["metadata"]["labels"])]),
            [
                "PyTorchJob team/run-v1: pods that were removed took their logs with them: "
                "1 master, 1 worker",
                KEEPS,
            ],
        ),
        (None, ["PyTorchJob team/run-v1 has been deleted, and its pods' logs with it", KEEPS]),
    ],
)
def test_told(look: Look | None, told: list[str]) -> None:
    assert gone(job(), look) == told


@pytest.mark.parametrize(
    ("mounts", "where"),
    [
        ([], " of their container, which is gone"),
        ([{"name": "other", "mountPath": "/log"}], " of their container, which is gone"),
        (
            [{"name": "all", "mountPath": "/"}, {"name": "kept", "mountPath": "/logs/"}],
            ", on the claim data",
        ),
        ([{"name": "all", "mountPath": "/"}], ", on the volume all"),
    ],
)
def test_kept(mounts: list[dict[str, str]], where: str) -> None:
    found = looks.job(looks.JOB, {})
    container = {
        "name": "pytorch",
        "env": [{"name": "TRAINSTACK_LOG_DIR", "value": "/logs"}],
        "volumeMounts": mounts,
    }
    volumes = [
        {"name": "all", "emptyDir": {}},
        {"name": "kept", "persistentVolumeClaim": {"claimName": "data"}},
    ]
    found["spec"]["template"] = {"spec": {"containers": [container], "volumes": volumes}}
    assert gone(found, None)[1] == (
        f"each rank's lines are kept in /logs/run-v1/rank-<n>.log{where}"
    )
