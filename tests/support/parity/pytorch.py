"""PyTorchJob: one master and its workers."""

from __future__ import annotations

from collections.abc import Iterator

from trainstack.pytorch.component import PYTORCH

from .job import AMOUNTS, BASE, ELSEWHERE, job_rows, role_rows, run_policy_rows
from .pool import pool_elsewhere
from .table import Row, Table

_SPECS = "spec.pytorchReplicaSpecs"
_ROLES = {"master": f"{_SPECS}.Master", "worker": f"{_SPECS}.Worker"}
_SAID = {"master": {}, "worker": {"replicas": 2}}
_PODS = [f"{spec}.template.spec" for spec in _ROLES.values()]
_ALL = [name for name, *_ in AMOUNTS]
_COMMAND = {"program": None, "command": ["job"]}


def _rows() -> Iterator[Row]:
    yield from job_rows(pods=_PODS, trains=_PODS, launches=_PODS, amounts=_PODS, launcher="torch")
    yield Row(
        "command",
        {"program": None, "command": ["python", "a.py"]},
        {f"{pod}.containers.0.command": ["python", "a.py"] for pod in _PODS},
    )
    for name, spec in _ROLES.items():
        said = _SAID[name]
        yield from role_rows(name, spec, said, ("FAILURE", "OnFailure"), _ALL)
        container = f"{spec}.template.spec.containers.0"
        yield Row(
            f"{name}.command",
            {name: {**said, "command": ["own"]}},
            {f"{container}.command": ["own"]},
            beside=_COMMAND,
        )
        yield Row(f"{name}.args", {name: {**said, "args": ["own"]}}, {f"{container}.args": ["own"]})
    yield Row("worker.replicas", {"worker": {"replicas": 3}}, {f"{_SPECS}.Worker.replicas": 3})
    yield from run_policy_rows(pods=_PODS)
    yield Row(
        "run_policy.backoff_limit",
        {"run_policy": {"backoff_limit": 4}},
        {"spec.runPolicy.backoffLimit": 4},
        beside={"master": {"restart_policy": "OnFailure"}},
    )


PYTORCH_JOB = Table(
    "PyTorchJob",
    PYTORCH,
    {**BASE, "worker": {"replicas": 2}},
    tuple(_rows()),
    {**ELSEWHERE, **pool_elsewhere("master.pool"), **pool_elsewhere("worker.pool")},
)
