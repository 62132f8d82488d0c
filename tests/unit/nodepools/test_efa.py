"""Which cards get an EFA interface: what EC2's own data says, of every GPU machine."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from trainstack.nodepools.efa import Interface, interfaces
from trainstack.nodepools.hardware import machine, machines
from trainstack.nodepools.rules.aws import sold_as_block

WITH_EFA = [one.machine for one in machines().values() if one.fabric == "EFA"]
ON_AWS = [one.machine for one in machines().values() if one.cloud == "aws"]


@cache
def ec2_data() -> dict[str, Any]:
    spec = find_spec("moto")
    assert spec and spec.origin
    file = Path(spec.origin).parent / "ec2/resources/instance_types.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return found


@pytest.mark.parametrize(
    ("name", "efa"),
    [
        ("p4d.24xlarge", range(4)),
        ("p5.4xlarge", range(1)),
        ("p5.48xlarge", range(32)),
        ("p5e.48xlarge", range(32)),
        ("p5en.48xlarge", range(16)),
        ("p6-b200.48xlarge", range(8)),
        ("p6-b300.48xlarge", range(1, 17)),
        ("g6e.8xlarge", range(1)),
        ("g6e.24xlarge", range(2)),
        ("g6e.48xlarge", range(4)),
        ("g6e.xlarge", range(0)),
    ],
)
def test_cards_with_efa(name: str, efa: range) -> None:
    first, *others = interfaces(machine(name))
    assert first == Interface(card=0, device=0, kind="interface")
    assert others == [Interface(card, 0 if card else 1, "efa-only") for card in efa]


@pytest.mark.parametrize("name", WITH_EFA)
def test_each_card_can_have_what_it_gets(name: str) -> None:
    network = ec2_data()[name]["NetworkInfo"]
    cards = {card["NetworkCardIndex"]: card for card in network["NetworkCards"]}
    found = interfaces(machine(name))
    for one in found:
        assert one.kind in cards[one.card]["InterfaceTypes"]
    for card in cards.values():
        mine = [one for one in found if one.card == card["NetworkCardIndex"]]
        assert len(mine) <= card["MaximumNetworkInterfaces"]
    efa = [one for one in found if one.kind == "efa-only"]
    assert len(efa) == network["EfaInfo"]["MaximumEfaInterfaces"]


@pytest.mark.parametrize("name", ON_AWS)
def test_which_machines_are_sold_in_blocks(name: str) -> None:
    sold = "capacity-block" in ec2_data()[name]["SupportedUsageClasses"]
    assert sold_as_block(machine(name)) == sold


@pytest.mark.parametrize("name", ON_AWS)
def test_any_machine_can_be_spot_and_in_a_cluster_placement_group(name: str) -> None:
    """So there is no rule against it."""
    found = ec2_data()[name]
    assert "spot" in found["SupportedUsageClasses"]
    assert "cluster" in found["PlacementGroupInfo"]["SupportedStrategies"]
