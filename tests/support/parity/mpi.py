"""MPIJob and HorovodJob: a launcher and its workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainstack.mpi.component import HOROVOD, MPI

from .job import AMOUNTS, BASE, ELSEWHERE, job_rows, role_rows, run_policy_rows
from .pool import pool_elsewhere
from .table import Row, Table

_LAUNCHER, _WORKER = (f"spec.mpiReplicaSpecs.{role}" for role in ("Launcher", "Worker"))
_PODS = [f"{spec}.template.spec" for spec in (_LAUNCHER, _WORKER)]
_STARTS, _SERVES = (f"{pod}.containers.0" for pod in _PODS)
_TWO = {"worker": {"replicas": 2}}
_ALL = [name for name, *_ in AMOUNTS]
_NO_GPU = [name for name in _ALL if name != "gpu"]
_REFUSED = "tests/synth/test_bad_input.py::test_launched_jobs"
_ELSEWHERE = {
    **ELSEWHERE,
    **pool_elsewhere("launcher.pool", gpus=False),
    **pool_elsewhere("worker.pool"),
    "launcher.limits.gpu": _REFUSED,
    "launcher.requests.gpu": _REFUSED,
}


def _rows(launcher: str) -> Iterator[Row]:
    yield from job_rows(
        pods=_PODS,
        trains=_PODS,
        launches=_PODS[:1],
        amounts=_PODS[1:],
        launcher=launcher,
    )
    own = {"program": None, "command": ["mpirun", "a"]}
    yield Row("command", own, {f"{_STARTS}.command": ["mpirun", "a"]})
    yield from role_rows("launcher", _LAUNCHER, {}, ("FAILURE", "OnFailure"), _NO_GPU)
    yield from role_rows("worker", _WORKER, {"replicas": 2}, ("NEVER", "Never"), _ALL)
    yield Row(
        "launcher.command",
        {"program": None, "launcher": {"command": ["mpirun", "b"]}},
        {f"{_STARTS}.command": ["mpirun", "b"]},
    )
    yield Row("launcher.args", {"launcher": {"args": ["x"]}}, {f"{_STARTS}.args": ["x"]})
    yield Row(
        "launcher.replicas", {"launcher": {"replicas": 1}}, {f"{_LAUNCHER}.replicas": 1}, only=True
    )
    yield Row(
        "num_launcher_replicas",
        {"num_launcher_replicas": 1},
        {f"{_LAUNCHER}.replicas": 1},
        only=True,
    )
    served: dict[str, Any] = {"replicas": 2, "command": ["sshd"]}
    yield Row("worker.command", {"worker": served}, {f"{_SERVES}.command": ["sshd"]})
    yield Row(
        "worker.args",
        {"worker": {**served, "args": ["-D"]}},
        {f"{_SERVES}.command": ["sshd", "-D"]},
        beside={"worker": served},
    )
    yield Row("worker.replicas", {"worker": {"replicas": 3}}, {f"{_WORKER}.replicas": 3})
    yield Row("num_workers", {"worker": {}, "num_workers": 3}, {f"{_WORKER}.replicas": 3})
    yield Row(
        "ssh_auth_mount_path",
        {"ssh_auth_mount_path": "/root/.ssh"},
        {
            "spec.sshAuthMountPath": "/root/.ssh",
            f"{_STARTS}.env.TRAINSTACK_SSH_KEYS.value": "/root/.ssh",
            f"{_SERVES}.env.TRAINSTACK_SSH_KEYS.value": "/root/.ssh",
        },
    )
    yield Row(
        "ssh_port",
        {"ssh_port": 22},
        {
            f"{_SERVES}.readinessProbe.tcpSocket.port": 22,
            f"{_STARTS}.env.TRAINSTACK_SSH_PORT.value": "22",
            f"{_SERVES}.env.TRAINSTACK_SSH_PORT.value": "22",
        },
    )
    yield from run_policy_rows(pods=_PODS)
    yield Row(
        "run_policy.backoff_limit",
        {"run_policy": {"backoff_limit": 4}},
        {"spec.runPolicy.backoffLimit": 4},
    )


def _mpi() -> Iterator[Row]:
    yield from _rows("mpi")
    yield Row(
        "slots",
        {"slots": 4},
        {
            "spec.slotsPerWorker": 4,
            f"{_STARTS}.env.TRAINSTACK_MPI_SLOTS.value": "4",
            f"{_STARTS}.env.TRAINSTACK_MPI_NP.value": "8",
        },
    )
    yield Row(
        "mpi_implementation",
        {"mpi_implementation": "Intel"},
        {
            "spec.mpiImplementation": "Intel",
            f"{_STARTS}.env.TRAINSTACK_MPI_IMPLEMENTATION.value": "Intel",
        },
    )


def _horovod() -> Iterator[Row]:
    def row(field: str, value: Any, *read: tuple[str, str], elastic: bool = False) -> Row:
        paths = {f"{_STARTS}.env.TRAINSTACK_HOROVOD_{name}.value": text for name, text in read}
        return Row(field, {field: value}, paths, beside={"min_np": 1} if elastic else {})

    yield from _rows("horovod")
    yield Row(
        "slots",
        {"slots": 4},
        {
            "spec.slotsPerWorker": 4,
            f"{_STARTS}.env.TRAINSTACK_HOROVOD_SLOTS.value": "4",
            f"{_STARTS}.env.TRAINSTACK_HOROVOD_NP.value": "8",
        },
    )
    yield row("verbose", True, ("VERBOSE", "1"))
    yield row("log_level", "DEBUG", ("LOG_LEVEL", "DEBUG"))
    yield row("gloo_timeout", 60, ("GLOO_TIMEOUT", "60"))
    yield row("network_interface", "eth1", ("NETWORK_INTERFACE", "eth1"))
    yield row("min_np", 1, ("MIN_NP", "1"), ("MAX_NP", "2"))
    yield row("max_np", 1, ("NP", "1"), ("MAX_NP", "1"))
    yield row("discovery_script_path", "/d.sh", ("DISCOVERY_SCRIPT", "/d.sh"), elastic=True)
    yield row("elastic_timeout", 600, ("ELASTIC_TIMEOUT", "600"), elastic=True)
    yield row("blacklist_cooldown", [5, 50], ("BLACKLIST_COOLDOWN", "5 50"), elastic=True)
    yield row("reset_limit", 5, ("RESET_LIMIT", "5"), elastic=True)
    yield Row("size", {"size": 1}, {f"{_WORKER}.replicas": 1}, beside={"min_np": 1})


MPI_JOB = Table("MPIJob", MPI, {**BASE, **_TWO}, tuple(_mpi()), _ELSEWHERE)
HOROVOD_JOB = Table("HorovodJob", HOROVOD, {**BASE, **_TWO}, tuple(_horovod()), _ELSEWHERE)
