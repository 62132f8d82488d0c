"""What a run costs: an hour, and until its deadline."""

from __future__ import annotations

from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from trainstack.testing import synth

POOL = {"name": "h100", "gpus": 8, "price_per_hour": 55.04}
CHEAP = {"name": "t4", "gpus": 4, "price_per_hour": 3.912}
DAY = {"run_policy": {"active_deadline_seconds": 86400}}
COSTS: list[tuple[str, dict[str, Any], Any]] = [
    ("ElasticJob", {"pool": POOL}, {"per_hour": 55.04}),
    (
        "ElasticJob",
        {"pool": POOL, "nnodes": 4, **DAY},
        {"at_deadline": 5283.84, "gpu_hours": 768.0, "per_hour": 220.16},
    ),
    (
        "ElasticJob",
        {"pool": POOL, "nnodes": "1:4", "size": 2, "resources": {"gpu": 1}, **DAY},
        {"at_deadline": 330.24, "gpu_hours": 48.0, "per_hour": 13.76},
    ),
    ("ElasticJob", {"pool": {**POOL, "price_per_hour": 0}}, {"per_hour": 0.0}),
    ("ElasticJob", {"pool": {**POOL, "price_per_hour": None}, **DAY}, {"gpu_hours": 192.0}),
    ("ElasticJob", {"resources": {"gpu": 2}, **DAY}, {"gpu_hours": 48.0}),
    ("ElasticJob", {"resources": {"gpu": 2}}, None),
    ("ElasticJob", {"pool": POOL, "resources": {"gpu": 0}, **DAY}, None),
    ("ElasticJob", DAY, None),
    (
        "PyTorchJob",
        {"pool": POOL, "worker": {"replicas": 2, "pool": CHEAP}},
        {"per_hour": 62.864},
    ),
    (
        "PyTorchJob",
        {"pool": POOL, "worker": {"replicas": 2, "pool": {"name": "other", "gpus": 8}}},
        None,
    ),
    ("MPIJob", {"pool": POOL, "worker": {"replicas": 2}}, {"per_hour": 110.08}),
    ("HorovodJob", {"pool": POOL, "worker": {"replicas": 2}}, {"per_hour": 110.08}),
    (
        "TFJob",
        {"pool": POOL, "worker": {"replicas": 2}, "ps": {"replicas": 2}},
        {"per_hour": 110.08},
    ),
]


@pytest.mark.parametrize(("kind", "said", "cost"), COSTS)
def test_the_cost_of_a_run(kind: str, said: dict[str, Any], cost: Any) -> None:
    """From `price_per_hour`, which is a node's; the CPUs of GPU nodes cost nothing more."""
    found: list[Any] = []

    def program() -> None:
        job = getattr(ts, kind)("mnist", {**LEAST, **said})
        job.cost.apply(found.append)

    made = synth(program)
    said_of_it = made.one(f"trainstack:index:{kind}").inputs
    whole = cost and {**cost, "gpus": said_of_it["gpus"]}
    assert said_of_it.get("cost") == whole
    assert found == [whole]


def test_another_price_is_the_same_run() -> None:
    def objects(price: float) -> list[dict[str, Any]]:
        pool = {**POOL, "price_per_hour": price}
        made = synth(lambda: ts.ElasticJob("mnist", {**LEAST, "pool": pool}))
        return [one.inputs for one in made.registrations if one.type.startswith("kubernetes:")]

    assert objects(55.04) == objects(39.33)
