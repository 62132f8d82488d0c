"""TFJob: a chief, parameter servers, workers and an evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trainstack.tensorflow.component import TENSORFLOW

from .job import AMOUNTS, BASE, ELSEWHERE, job_rows, role_rows, run_policy_rows
from .pool import pool_elsewhere
from .table import Row, Table

_SPECS = "spec.tfReplicaSpecs"
_TYPES = {"chief": "Chief", "ps": "PS", "worker": "Worker", "evaluator": "Evaluator"}
_SAID = {
    "chief": {},
    "ps": {"replicas": 1},
    "worker": {"replicas": 2},
    "evaluator": {"replicas": 1},
}
_PODS = [f"{_SPECS}.{kind}.template.spec" for kind in _TYPES.values()]
_ALL = [name for name, *_ in AMOUNTS]
_COMMAND = {"program": None, "command": ["job"]}


def _rows() -> Iterator[Row]:
    yield from job_rows(
        pods=_PODS, trains=_PODS, launches=_PODS, amounts=_PODS, launcher="tensorflow"
    )
    yield Row(
        "command",
        {"program": None, "command": ["python", "a.py"]},
        {f"{pod}.containers.0.command": ["python", "a.py"] for pod in _PODS},
    )
    for name, kind in _TYPES.items():
        said, spec = _SAID[name], f"{_SPECS}.{kind}"
        yield from role_rows(name, spec, said, ("FAILURE", "OnFailure"), _ALL)
        container = f"{spec}.template.spec.containers.0"
        yield Row(
            f"{name}.command",
            {name: {**said, "command": ["own"]}},
            {f"{container}.command": ["own"]},
            beside=_COMMAND,
        )
        yield Row(f"{name}.args", {name: {**said, "args": ["own"]}}, {f"{container}.args": ["own"]})
    for name in ("ps", "worker", "evaluator"):
        replicas = f"{_SPECS}.{_TYPES[name]}.replicas"
        yield Row(f"{name}.replicas", {name: {"replicas": 3}}, {replicas: 3})
    yield Row(
        "chief.replicas",
        {"chief": {"replicas": 1}},
        {f"{_SPECS}.Chief.replicas": 1},
        beside={"ps": {}},
    )
    for row in run_policy_rows(pods=_PODS):
        # Servers never end by themselves, so that with them something has to be cleaned up.
        kept = row.said.get("run_policy") == {"clean_pod_policy": "NONE"}
        yield replace(row, beside={"ps": {}}) if kept else row
    yield Row(
        "run_policy.backoff_limit",
        {"run_policy": {"backoff_limit": 4}},
        {"spec.runPolicy.backoffLimit": 4},
        beside={"chief": {"restart_policy": "OnFailure"}},
    )


_POOLS = {field: test for role in _TYPES for field, test in pool_elsewhere(f"{role}.pool").items()}
TF_JOB = Table("TFJob", TENSORFLOW, {**BASE, **_SAID}, tuple(_rows()), {**ELSEWHERE, **_POOLS})
