"""What is said of runs that failed, or got stuck, on a real cluster with the real operators.

Recorded are the job, its pods and events as the API server sent them, cut down to what is read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainstack.status import Look, Phase
from trainstack.status.cause import reason_of, why_failed
from trainstack.status.phase import phase_of

RECORDED = Path(__file__).parent / "recorded"
EVICTED = "Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 20Mi."
NO_COMMAND = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: "
    'exec: "nosuch": executable file not found in $PATH: unknown'
)
NO_ROOM = (
    "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient nvidia.com/gpu. "
    "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful "
    "for scheduling."
)
FAILED = {
    "job-deadline": (
        "job-deadline-v1: DeadlineExceeded: Job was active longer than specified deadline"
    ),
    "job-evicted": f"job-evicted-v1-mh49q: {EVICTED}",
    "job-exit-code": "job-exit-code-v1-2tnfw: exit code 3, Error\n  no luck",
    "job-out-of-memory": (
        "job-out-of-memory-v1-z7php: exit code 137, OOMKilled (memory limit 32Mi)"
    ),
    "pytorch-backoff": (
        "BackoffLimitExceeded; pytorch-backoff-v1: Error: Error pod pytorch-backoff-v1-worker-0 "
        "container pytorch exitCode: 4 terminated message: no luck"
    ),
    "pytorch-deadline": (
        "DeadlineExceeded: Job pytorch-deadline-v1 has failed because it was active longer than "
        "specified deadline"
    ),
    "pytorch-evicted": f"pytorch-evicted-v1-master-0: {EVICTED}",
    "pytorch-exit-code": "pytorch-exit-code-v1-worker-0: exit code 3, Error\n  two\n  one",
    "pytorch-no-such-command": (
        f"pytorch-no-such-command-v1-master-0: exit code 128, StartError\n  {NO_COMMAND}"
    ),
    "pytorch-out-of-memory": (
        "pytorch-out-of-memory-v1-master-0: exit code 137, OOMKilled (memory limit 32Mi)"
    ),
    "tensorflow-exit-code": "tensorflow-exit-code-v1-worker-0: exit code 5, Error",
}
STUCK = {
    "pytorch-no-config-map": (
        "pytorch-no-config-map-v1-master-0: FailedMount: MountVolume.SetUp failed for volume "
        '"mount-data-bd4741" : configmap "words" not found'
    ),
    "pytorch-no-image": (
        "pytorch-no-image-v1-master-0: ImagePullBackOff of image "
        "'localhost/trainstack/nothing:1': Back-off pulling image "
        '"localhost/trainstack/nothing:1": ErrImagePull: failed to pull and unpack image '
        '"localhost/trainstack/nothing:1": failed to resolve reference '
        '"localhost/trainstack/nothing:1": failed to do request: Head '
        '"http://localhost/v2/trainstack/nothing/manifests/1": dial tcp 127.0.0.1:80: connect: '
        "connection refused"
    ),
    "pytorch-no-room": f"pytorch-no-room-v1-master-0: {NO_ROOM}",
    "pytorch-no-secret": (
        'pytorch-no-secret-v1-master-0: CreateContainerConfigError: secret "hub" not found'
    ),
}


def look(name: str) -> Look:
    said = json.loads((RECORDED / f"{name}.json").read_text())
    return Look(said["job"], said["pods"], said["warnings"])


@pytest.mark.parametrize(("name", "text"), FAILED.items(), ids=FAILED)
def test_why_it_failed(name: str, text: str) -> None:
    found = look(name)
    assert phase_of(found) is Phase.FAILED
    assert str(why_failed(found)) == text


@pytest.mark.parametrize(("name", "text"), STUCK.items(), ids=STUCK)
def test_what_it_waits_for(name: str, text: str) -> None:
    found = look(name)
    assert phase_of(found) is Phase.PENDING
    assert reason_of(found) == text


def test_each_is_told_of() -> None:
    assert {path.stem for path in RECORDED.iterdir()} == FAILED.keys() | STUCK.keys()
