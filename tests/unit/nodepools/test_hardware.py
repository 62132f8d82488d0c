"""The table of machines: it agrees with the clouds' data, and machines are found in it."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from trainstack import TrainstackError
from trainstack.nodepools import Machine, machine, machines_with
from trainstack.nodepools.hardware import machines

ARCH = {"x86_64": "amd64", "arm64": "arm64"}
LEFT_OUT = {
    **dict.fromkeys(
        ("g6f.large", "g6f.xlarge", "g6f.2xlarge", "g6f.4xlarge", "gr6f.4xlarge"),
        "a part of a GPU, which the API counts as 0",
    )
}
"""GPU types of EC2 that are not in the table, each with the reason."""
AWS = {name: one for name, one in machines().items() if one.cloud == "aws"}


@cache
def ec2() -> dict[str, dict[str, Any]]:
    """What EC2's DescribeInstanceTypes says of each type with GPUs, as moto has it."""
    spec = find_spec("moto")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "ec2/resources/instance_types.json.gz"
    types: dict[str, dict[str, Any]] = json.loads(gzip.decompress(file.read_bytes()))
    return {name: one for name, one in types.items() if "GpuInfo" in one}


def test_every_gpu_type_of_ec2_is_in_the_table_or_left_out_for_a_reason() -> None:
    assert set(AWS) | set(LEFT_OUT) == set(ec2())
    assert not set(AWS) & set(LEFT_OUT)
    for name in LEFT_OUT:
        assert [gpu["Count"] for gpu in ec2()[name]["GpuInfo"]["Gpus"]] == [0]


@pytest.mark.parametrize("name", AWS)
def test_it_is_what_ec2_says(name: str) -> None:
    known, found = AWS[name], ec2()[name]
    (gpu,) = found["GpuInfo"]["Gpus"]
    (arch,) = found["ProcessorInfo"]["SupportedArchitectures"]
    network = found["NetworkInfo"]
    efa = network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0)
    assert (known.gpus, known.gpu) == (gpu["Count"], gpu["Name"])
    assert known.gpu_memory_gib == round(gpu["MemoryInfo"]["SizeInMiB"] / 1024, 1)
    assert (known.fabric, known.fabric_cards) == ("EFA" if efa else None, efa)
    assert known.network_cards == network["MaximumNetworkCards"]
    assert known.vcpus == found["VCpuInfo"]["DefaultVCpus"]
    assert known.memory_gib * 1024 == found["MemoryInfo"]["SizeInMiB"]
    assert known.arch == ARCH[arch]


def test_one_machine_has_a_card_without_efa() -> None:
    assert [
        one.machine for one in AWS.values() if one.fabric_cards not in (0, one.network_cards)
    ] == ["p6-b300.48xlarge"]


@pytest.mark.parametrize("name", machines())
def test_a_row_makes_sense(name: str) -> None:
    one = machines()[name]
    assert one.machine == name
    assert one.gpus >= 1
    assert bool(one.fabric) == bool(one.fabric_cards)
    assert one.interconnect is None or one.gpus > 1
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", one.date)


def test_a_machine() -> None:
    assert machine("p6-b300.48xlarge") == Machine(
        cloud="aws",
        machine="p6-b300.48xlarge",
        gpus=8,
        gpu="B300",
        gpu_memory_gib=268.6,
        interconnect="NVSwitch",
        fabric="EFA",
        fabric_cards=16,
        network_cards=17,
        vcpus=192,
        memory_gib=4096,
        arch="amd64",
        source="EC2 DescribeInstanceTypes in moto 5.2.5",
        date="2026-11-26",
    )


@pytest.mark.parametrize(
    ("wanted", "cloud", "found"),
    [
        ("8xH100", "aws", ["p5.48xlarge"]),
        ("8xH100", "gcp", ["a3-highgpu-8g", "a3-megagpu-8g"]),
        ("8xH100 with RDMA", None, ["p5.48xlarge", "Standard_ND96isr_H100_v5"]),
        ("8 x h100 with rdma", "gcp", []),
        ("8\u00d7H200 with RDMA", "gcp", ["a3-ultragpu-8g"]),
        ("8xA100", "aws", ["p4d.24xlarge", "p4de.24xlarge"]),
        ("8xA100 80GB with RDMA", None, ["p4de.24xlarge", "Standard_ND96amsr_A100_v4"]),
        ("8xA100 40GiB with RDMA", "azure", ["Standard_ND96asr_v4"]),
        ("4xL40S 48GB with RDMA", None, ["g6e.12xlarge", "g6e.24xlarge"]),
        ("2xRTX PRO 4500", None, ["g7.12xlarge"]),
        ("3xH100", None, []),
    ],
)
def test_machines_with_gpus(wanted: str, cloud: Any, found: list[str]) -> None:
    assert [one.machine for one in machines_with(wanted, cloud)] == found


@pytest.mark.parametrize("wanted", ["H100", "8 H100 please", "xH100", "-8xH100", ""])
def test_a_wish_of_another_form(wanted: str) -> None:
    with pytest.raises(TrainstackError, match="must be '<number>x<GPU>', then perhaps its memory"):
        machines_with(wanted)


def test_gpus_that_no_machine_has() -> None:
    with pytest.raises(
        TrainstackError, match=r"got '8xH1000': no machine has these GPUs; there .*"
    ):
        machines_with("8xH1000")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "p5.48xlrge",
            "got 'p5.48xlrge': not in the table of machines; did you mean 'p5.48xlarge'",
        ),
        ("a3-megagpu", "did you mean 'a3-megagpu-8g' or "),
        ("m5", "got 'm5': not in the table of machines; it has none like it"),
    ],
)
def test_a_machine_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        machine(name)
    assert message in str(caught.value)
