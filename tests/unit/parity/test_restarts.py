"""The table of docs/jobs.md says what the manifests say of restarts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.jobs import elastic, horovod, mpi, pytorch, tensorflow
from tests.support.parity import TABLES, at

PAGE = Path(__file__).parents[3] / "docs/jobs.md"
Render = Callable[..., dict[str, Any]]


def table() -> dict[tuple[str, str], list[str]]:
    """Kind and role to the cells after them; an empty kind is the one above."""
    section = PAGE.read_text().partition("## What restarts what")[2]
    rows: dict[tuple[str, str], list[str]] = {}
    kind = ""
    for line in section.partition("|\n\n")[0].strip().splitlines()[2:]:
        first, role, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        kind = first.replace("`", "") or kind
        rows[kind, role] = cells
    return rows


def restart(render: Render, said: dict[str, Any], field: str | None, path: str) -> str:
    """The cell about a restart policy, which a role's `field` may set."""
    found = f"`{at(render(**said), path)}`"
    if field is None:
        return found
    for policy in ("OnFailure", "Never"):
        own = {**said, field: {**said.get(field, {}), "restart_policy": policy}}
        assert at(render(**own), path) == policy
    return f"yours, default {found}"


def backoff(render: Render, said: dict[str, Any], path: str) -> str:
    """The cell about a failure limit."""
    assert at(render(**{**said, "run_policy": {"backoff_limit": 4}}), path) == 4
    return f"yours, default {at(render(**said), path)}"


POLICY = "spec.runPolicy.backoffLimit"
LAUNCHED: list[tuple[str, Render, dict[str, Any]]] = [
    ("MPIJob", mpi, {}),
    ("HorovodJob, elastic (min_np or max_np)", horovod, {"min_np": 1}),
]


def test_a_pytorch_job() -> None:
    said = {"worker": {"replicas": 2}}
    roles = {
        restart(pytorch, said, role.lower(), f"spec.pytorchReplicaSpecs.{role}.restartPolicy")
        for role in ("Master", "Worker")
    }
    restarting = {"master": {"restart_policy": "OnFailure"}}
    limit = at(pytorch(), POLICY)
    assert backoff(pytorch, restarting, POLICY) == "yours, default 10"
    assert roles == {table()["PyTorchJob", "master, worker"][0]}
    assert table()["PyTorchJob", "master, worker"][1] == (
        f"yours, default {limit}; 10 when a role restarts"
    )


@pytest.mark.parametrize(("role", "name"), [("store (Master)", "Master"), ("worker", "Worker")])
def test_an_elastic_job_of_several_nodes(role: str, name: str) -> None:
    said = {"nnodes": 2}
    policy, limit, _ = table()["ElasticJob, several nodes", role]
    assert policy == restart(elastic, said, None, f"spec.pytorchReplicaSpecs.{name}.restartPolicy")
    assert limit == backoff(elastic, said, POLICY)


def test_an_elastic_job_of_one_node() -> None:
    policy, limit, _ = table()["ElasticJob, one node", "the pod"]
    assert policy == restart(elastic, {}, None, "spec.template.spec.restartPolicy")
    assert limit == backoff(elastic, {}, "spec.backoffLimit")


@pytest.mark.parametrize(("kind", "render", "said"), LAUNCHED)
def test_launched_jobs(kind: str, render: Render, said: dict[str, Any]) -> None:
    for role in ("launcher", "worker"):
        path = f"spec.mpiReplicaSpecs.{role.capitalize()}.restartPolicy"
        assert table()[kind, role][0] == restart(render, said, role, path)
    assert table()[kind, "launcher"][1] == backoff(render, said, POLICY)
    assert table()[kind, "worker"][1] == "none"


def test_a_plain_horovod_job_is_as_an_mpi_job() -> None:
    assert table()["HorovodJob, plain", "as `MPIJob`"] == ["", "", ""]
    plain, other = horovod(), mpi()
    assert plain["spec"]["runPolicy"] == other["spec"]["runPolicy"]
    for role in ("Launcher", "Worker"):
        path = f"spec.mpiReplicaSpecs.{role}.restartPolicy"
        assert at(plain, path) == at(other, path)


def test_a_tf_job() -> None:
    said = {"ps": {"replicas": 1}, "evaluator": {"replicas": 1}}
    roles = ("Chief", "PS", "Worker", "Evaluator")
    found = {
        restart(tensorflow, said, role.lower(), f"spec.tfReplicaSpecs.{role}.restartPolicy")
        for role in roles
    }
    restarting = {"worker": {"restart_policy": "OnFailure"}}
    assert backoff(tensorflow, restarting, POLICY) == "yours, default 10"
    cells = table()["TFJob", "chief, worker, ps, evaluator"]
    assert found == {cells[0]}
    assert cells[1] == f"yours, default {at(tensorflow(), POLICY)}; 10 when a role restarts"


def test_every_kind_is_in_the_table() -> None:
    assert {kind.partition(",")[0] for kind, _ in table()} == {one.kind.name for one in TABLES}
    assert all(len(cells) == 3 for cells in table().values())
