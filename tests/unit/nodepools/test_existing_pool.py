"""A pool that somebody else runs: what follows from its machine, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LEAST, elastic
from tests.support.pools import GKE, networks
from trainstack.nodepools import Price, price
from trainstack.nodepools.gke.render import render_profile
from trainstack.nodepools.hardware import machines
from trainstack.testing import synth

TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
STAY = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
P5 = {
    "name": "h100",
    "machine": "p5.48xlarge",
    "arch": "amd64",
    "gpus": 8,
    "cpu": "192",
    "memory": "2048Gi",
    "node_selector": {"node.kubernetes.io/instance-type": "p5.48xlarge"},
    "tolerations": [TAINT],
    "annotations": STAY,
    "devices": {"vpc.amazonaws.com/efa": 32},
    "huge_pages": "5120Mi",
}
AZURE_TAINT = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in P5.items() if name not in names}


@pytest.mark.parametrize(
    ("said", "profile"),
    [
        ({"machine": "p5.48xlarge"}, P5),
        ({"machine": "p5.48xlarge", "rdma": False}, without("devices", "huge_pages")),
        (
            {"machine": "p5.48xlarge", "region": "us-east-1", "max_nodes": 4},
            {**P5, "price_per_hour": 55.04, "max_nodes": 4},
        ),
        ({"machine": "p5.48xlarge", "region": "mars-1"}, P5),
        (
            {"machine": "p5.48xlarge", "region": "us-east-1", "price_per_hour": 30},
            {**P5, "price_per_hour": 30},
        ),
        (
            {"machine": "p5.48xlarge", "tolerations": [], "annotations": {}, "cpu": 180},
            {**without("tolerations", "annotations"), "cpu": "180"},
        ),
        (
            {"machine": "Standard_ND96isr_H100_v5"},
            {
                **without("devices", "huge_pages"),
                "machine": "Standard_ND96isr_H100_v5",
                "cpu": "96",
                "memory": "1900Gi",
                "node_selector": {"node.kubernetes.io/instance-type": "Standard_ND96isr_H100_v5"},
                "tolerations": [TAINT, AZURE_TAINT],
            },
        ),
        (
            {"machine": "new.48xlarge", "gpus": 8},
            {
                **without("arch", "cpu", "memory", "devices", "huge_pages"),
                "machine": "new.48xlarge",
                "node_selector": {"node.kubernetes.io/instance-type": "new.48xlarge"},
            },
        ),
        ({"gpus": 2}, {"name": "h100", "gpus": 2}),
        ({"gpus": 0}, {"name": "h100", "gpus": 0}),
    ],
)
def test_what_follows(said: dict[str, Any], profile: dict[str, Any]) -> None:
    pool = ts.ExistingPool(name="h100", **said)
    assert pool.profile == ts.PoolProfile(**profile)
    assert type(pool.profile) is ts.PoolProfile
    assert pool.to_dict() == pool.profile.to_dict()


@pytest.mark.parametrize("name", machines())
def test_every_machine_of_the_table_makes_a_pool(name: str) -> None:
    pool = ts.ExistingPool(name="a", machine=name)
    assert pool.gpus == machines()[name].gpus


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"machine": "p5.48xlrge"}, "ExistingPool: machine: got 'p5.48xlrge': not in the table of"),
        ({"machine": "m5"}, "it has none like it; or give gpus"),
        ({}, "ExistingPool: gpus: required, or machine"),
        ({"machine": 5}, "ExistingPool: machine: got 5: must be a text"),
        ({"machine": "p5.48xlarge", "zone": "a"}, "zone: unknown field; "),
        ({"machine": "p5.48xlarge", "region": "a", "prices": "no.csv"}, "no.csv: cannot be read: "),
        ({"gpus": 8, "region": "us-east-1"}, "region: has no effect without machine"),
        ({"machine": "p5.48xlarge", "prices": "a.csv"}, "prices: has no effect without region"),
        ({"gpus": 8, "networks": ["a"]}, "networks: has no effect without machine"),
        (
            {"machine": "p5.48xlarge", "networks": ["a"]},
            "networks: got ['a']: on p5.48xlarge must be left out, as it has no such networks",
        ),
        (
            {"machine": "a3-megagpu-8g", "networks": ["a"]},
            "networks: got ['a']: on a3-megagpu-8g must be a list of 8 names",
        ),
    ],
)
def test_a_wrong_pool(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        ts.ExistingPool(name="a", **said)
    assert message in str(caught.value)


def test_networks_of_google_are_used_as_in_a_pool_that_is_made() -> None:
    names = [f"vpc{number}" for number in range(1, 9)]
    found = ts.ExistingPool(name="h100", machine="a3-megagpu-8g", networks=names)
    made = {**GKE, "machine": "a3-megagpu-8g", "networks": networks(*names)}
    profile = render_profile("h100", ts.GkeGpuNodePoolArgs(**made))
    assert found.fabric == profile.fabric
    assert found.network_annotations == profile.network_annotations
    own = ts.ExistingPool(name="a", machine="a3-megagpu-8g", networks=names, fabric={})
    assert own.fabric == ts.Fabric()


def test_a_job_takes_it() -> None:
    pool = ts.ExistingPool(name="h100", machine="p5.48xlarge")
    amounts = {"cpu": 96, "memory": "1Ti"}
    assert elastic(pool=pool, resources=amounts) == elastic(pool=P5, resources=amounts)
    said = {**LEAST, "pool": pool, "resources": amounts}
    made = synth(lambda: ts.ElasticJob("mnist", said))
    assert made.one("ElasticJob").inputs["pool"] == P5


def test_prices_are_dated_and_have_a_source() -> None:
    assert price("p4d.24xlarge", "us-east-1") == Price(
        machine="p4d.24xlarge",
        region="us-east-1",
        price_per_hour=21.9576,
        source="Linux on demand; AWS price API in karpenter-provider-aws",
        date="2026-07-20",
    )


@pytest.mark.parametrize(
    ("machine", "region"), [("p5e.48xlarge", "us-east-1"), ("p5.48xlarge", "eu-west-1")]
)
def test_an_unknown_price_is_none(machine: str, region: str) -> None:
    assert price(machine, region) is None


HEAD = "machine,region,price_per_hour,source,date\n"


def test_prices_of_ones_own_replace_the_librarys(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(HEAD + "p5.48xlarge,us-east-1,39.33,contract,2026-01-01\n")
    pool = ts.ExistingPool(name="a", machine="p5.48xlarge", region="us-east-1", prices=str(file))
    assert pool.price_per_hour == 39.33
    assert price("p4d.24xlarge", "us-east-1", file) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "p5.48xlarge,us-east-1,cheap,contract,2026-01-01\n",
            "line 2: price_per_hour: got 'cheap'",
        ),
        ("p5.48xlarge,us-east-1,1,contract,soon\n", "line 2: date: got 'soon'"),
        ("p5.48xlarge,us-east-1,1\n", "line 2: source: required, but not given"),
    ],
)
def test_a_wrong_price(tmp_path: Path, row: str, message: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(HEAD + row)
    with pytest.raises(ts.TrainstackError) as caught:
        price("p5.48xlarge", "us-east-1", file)
    assert message in str(caught.value)
