"""What clouds refuse late is refused at once: each rule with a pool that breaks it, and one
nearby that does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.pools import AKS, EKS, GKE, KARPENTER, RDMA, changed, networks
from trainstack import (
    AksGpuNodePoolArgs,
    EksGpuNodePoolArgs,
    GkeGpuNodePoolArgs,
    KarpenterGpuNodePoolArgs,
    TrainstackError,
)
from trainstack.nodepools.gpu_pool_args import GpuPoolArgs
from trainstack.nodepools.rules.aks import AKS_RULES
from trainstack.nodepools.rules.eks import EKS_RULES
from trainstack.nodepools.rules.gke import GKE_RULES
from trainstack.nodepools.rules.karpenter import KARPENTER_RULES
from trainstack.nodepools.rules.rule import Rule
from trainstack.nodepools.rules.sizes import SIZE_RULES
from trainstack.nodepools.rules.taints import TAINT_RULES

BARE = {"machine": "g6e.xlarge", "security_groups": None}
"""Of an EKS pool: no EFA, and so no rules about it."""
TWO = {"subnets": ["subnet-a", "subnet-b"]}
TEAM = {"key": "team", "value": "vision"}

Said = dict[str, Any]
EKS_CASES: dict[str, tuple[Said, Said]] = {
    "min-above-max": ({"min_nodes": 5}, {"min_nodes": 4}),
    "size-outside": ({"min_nodes": 2, "size": 1}, {"min_nodes": 2, "size": 2}),
    "taint-twice": (
        {"taints": [TEAM, {"key": "team"}], "device_plugin_tolerations": [{"operator": "Exists"}]},
        {
            "taints": [TEAM, {**TEAM, "effect": "NoExecute"}],
            "device_plugin_tolerations": [{"operator": "Exists"}],
        },
    ),
    "taint-locks-out-device-plugin": (
        {"taints": [TEAM]},
        {"taints": [TEAM], "device_plugin_tolerations": [TEAM]},
    ),
    "label-of-trainstack": (
        {"labels": {"trainstack.dev/team": "a"}},
        {"labels": {"example.com/team": "a"}},
    ),
    "eks-reservation-with-spot": (
        {"capacity_reservation": "cr-1", "spot": True},
        {"capacity_reservation": "cr-1"},
    ),
    "eks-block-with-spot": ({"capacity_block": "cr-1", "spot": True}, {"spot": True}),
    "eks-block-and-reservation": (
        {"capacity_block": "cr-1", "capacity_reservation": "cr-2"},
        {"capacity_block": "cr-1"},
    ),
    "eks-block-with-several-subnets": (
        {"capacity_block": "cr-1", "rdma": False, **TWO},
        {"rdma": False, **TWO},
    ),
    "eks-block-with-least-size": (
        {"capacity_block": "cr-1", "min_nodes": 1},
        {"capacity_block": "cr-1", "size": 1},
    ),
    "eks-block-of-other-machine": (
        {**BARE, "capacity_block": "cr-1"},
        {"capacity_block": "cr-1"},
    ),
    "eks-placement-with-reservation": (
        {"capacity_reservation": "cr-1", "placement": "cluster"},
        {"capacity_reservation": "cr-1", "placement_group": "near"},
    ),
    "eks-block-in-placement-group": (
        {"capacity_block": "cr-1", "placement_group": "near"},
        {"placement_group": "near"},
    ),
    "eks-two-placement-groups": (
        {"placement": "cluster", "placement_group": "near"},
        {"placement": "cluster"},
    ),
    "eks-placement-across-subnets": (
        {"placement": "cluster", "rdma": False, **TWO},
        {"placement": "cluster", "rdma": False},
    ),
    "eks-efa-across-subnets": (TWO, {**TWO, "rdma": False}),
    "eks-efa-without-security-group": (
        {"security_groups": None},
        {"security_groups": None, "rdma": False},
    ),
    "eks-too-many-security-groups": (
        {"security_groups": [f"sg-{number}" for number in range(17)]},
        {"security_groups": [f"sg-{number}" for number in range(16)]},
    ),
    "eks-image-for-other-cpus": (
        {"image_type": "AL2023_ARM_64_NVIDIA"},
        {**BARE, "machine": "g5g.xlarge", "image_type": "AL2023_ARM_64_NVIDIA"},
    ),
    "eks-local-disks-of-bottlerocket": (
        {"local_disks": "RAID0", "image_type": "BOTTLEROCKET_x86_64_NVIDIA"},
        {"local_disks": "RAID0"},
    ),
    "eks-release-without-version": (
        {"kubernetes_version": "1.34", "release_version": "1.33.5-20261101"},
        {"kubernetes_version": "1.34", "release_version": "1.34.2-20261101"},
    ),
    "eks-too-many-taints": (
        {"taints": [{"key": f"t{one}", "effect": "PreferNoSchedule"} for one in range(51)]},
        {"taints": [{"key": f"t{one}", "effect": "PreferNoSchedule"} for one in range(50)]},
    ),
    "eks-reserved-label": (
        {"labels": {"node-role.kubernetes.io/gpu": "yes"}},
        {"labels": {"kubernetes": "yes"}},
    ),
}
A3 = {"machine": "a3-highgpu-8g", "networks": networks("vpc1", "vpc2", "vpc3", "vpc4")}
A3_ULTRA = {"machine": "a3-ultragpu-8g", "networks": RDMA}
CLAIMED = {"network_profile": "auto", "network_claim": "cards"}
ZONES = {"zones": ["us-central1-a", "us-central1-b"]}
COMPACT = {"placement": "COMPACT"}
FLEX = {"flex_start": True}
QUEUED = {"queued_provisioning": True}
RESERVED = {"capacity_reservation": "projects/p/reservations/r"}
GKE_CASES: dict[str, tuple[Said, Said]] = {
    "gke-zones-of-several-regions": ({"zones": ["us-central1-a", "us-east4-b"]}, ZONES),
    "gke-size-over-zones": ({**ZONES, "size": 3}, {**ZONES, "size": 2}),
    "gke-compact-across-zones": ({**COMPACT, **ZONES}, COMPACT),
    "gke-compact-with-blue-green": (
        {**COMPACT, "upgrade": "BLUE_GREEN"},
        {"upgrade": "BLUE_GREEN"},
    ),
    "gke-compact-too-large": ({**COMPACT, "max_nodes": 1501}, {**COMPACT, "max_nodes": 1500}),
    "gke-policy-without-compact": (
        {"placement_policy": "near"},
        {**COMPACT, "placement_policy": "near"},
    ),
    "gke-compact-with-queued": ({**COMPACT, **QUEUED}, QUEUED),
    "gke-compact-with-flex-start": ({**COMPACT, **FLEX}, {**COMPACT, **FLEX, **A3_ULTRA}),
    "gke-queued-with-least-size": ({**QUEUED, "min_nodes": 1}, {**QUEUED, "size": 0}),
    "gke-queued-with-reservation": ({**QUEUED, **RESERVED}, RESERVED),
    "gke-queued-with-spot": ({**QUEUED, "spot": True}, {"spot": True}),
    "gke-queued-with-upgrade": (
        {**QUEUED, "auto_upgrade": True},
        {**QUEUED, "auto_upgrade": False},
    ),
    "gke-flex-start-with-repair": ({**FLEX, "auto_repair": True}, {"auto_repair": True}),
    "gke-flex-start-with-size": ({**FLEX, "size": 1}, {**FLEX, "size": 0}),
    "gke-flex-start-with-reservation": ({**FLEX, **RESERVED}, FLEX),
    "gke-flex-start-with-spot": ({**FLEX, "spot": True}, {**FLEX, **QUEUED}),
    "gke-flex-start-with-upgrade": (
        {**FLEX, "upgrade": "SURGE"},
        {**FLEX, "upgrade": "SHORT_LIVED"},
    ),
    "gke-short-lived-otherwise": (
        {"upgrade": "SHORT_LIVED"},
        {**QUEUED, "upgrade": "SHORT_LIVED"},
    ),
    "gke-spot-with-reservation": ({"spot": True, **RESERVED}, RESERVED),
    "gke-reservation-misspelled": (
        {"capacity_reservation": "projects/p/zones/z/reservations/r"},
        {"capacity_reservation": "projects/p/reservations/r/reservationBlocks/b"},
    ),
    "gke-run-time-too-long": (
        {**FLEX, "max_run_seconds": 604_801},
        {**FLEX, "max_run_seconds": 604_800},
    ),
    "gke-networks-missing": ({**A3, "networks": RDMA}, A3),
    "gke-networks-twice": ({**A3, "networks": networks("a", "b", "c", "c")}, A3),
    "gke-networks-without-cards": (
        {"networks": networks("a")},
        {**A3_ULTRA, "networks": None, "rdma": False},
    ),
    "gke-daemon-without-networks": (
        {**A3_ULTRA, "network_daemon": "registry.example/daemon:1"},
        {**A3, "network_daemon": "registry.example/daemon:1"},
    ),
    "gke-two-kinds-of-networks": (
        {**A3_ULTRA, **CLAIMED},
        {**A3_ULTRA, **CLAIMED, "networks": None},
    ),
    "gke-profile-without-cards": ({"network_profile": "auto"}, {}),
    "gke-profile-of-a3": (
        {**A3, **CLAIMED, "networks": None},
        {**A3_ULTRA, **CLAIMED, "networks": None},
    ),
    "gke-profile-without-claim": (
        {**A3_ULTRA, "networks": None, "network_profile": "auto"},
        {**A3_ULTRA, **CLAIMED, "networks": None},
    ),
    "gke-rdma-across-zones": (
        {**A3_ULTRA, **ZONES},
        {"machine": "a3-ultragpu-8g", "rdma": False, **ZONES},
    ),
    "gke-tcpx-on-ubuntu": (
        {**A3, "image_type": "UBUNTU_CONTAINERD"},
        {**A3_ULTRA, "image_type": "UBUNTU_CONTAINERD"},
    ),
    "gke-local-ssds-of-a3": ({**A3, "local_ssds": 16}, {"local_ssds": 8}),
    "gke-fast-socket-with-cards": ({**A3, "fast_socket": True}, {"fast_socket": True}),
    "gke-disk-of-a4": (
        {**A3_ULTRA, "disk_type": "pd-ssd"},
        {**A3_ULTRA, "disk_type": "hyperdisk-balanced"},
    ),
    "gke-other-gpu-taint": (
        {"taints": [{"key": "nvidia.com/gpu", "value": "true"}]},
        {"taints": [{"key": "nvidia.com/gpu", "value": "present"}]},
    ),
    "gke-reserved-label": (
        {"labels": {"cloud.google.com/team": "a"}},
        {"labels": {"google.com/team": "a"}},
    ),
}
NO_CARDS = {"machine": "Standard_NC24ads_A100_v4"}
AKS_CASES: dict[str, tuple[Said, Said]] = {
    "aks-too-many-nodes": ({**NO_CARDS, "max_nodes": 1001}, {**NO_CARDS, "max_nodes": 1000}),
    "aks-infiniband-too-large": ({"max_nodes": 101}, {"max_nodes": 101, "rdma": False}),
    "aks-infiniband-across-zones": ({"zones": ["1", "2"]}, {"zones": ["1"]}),
    "aks-infiniband-of-azure-linux": (
        {"image_type": "AzureLinux"},
        {"image_type": "AzureLinux", "rdma": False},
    ),
    "aks-reservation-with-spot": ({"spot": True, "capacity_reservation": "/r"}, {"spot": True}),
    "aks-reservation-with-placement": (
        {"placement": "/p", "capacity_reservation": "/r"},
        {"capacity_reservation": "/r"},
    ),
    "aks-placement-across-zones": (
        {**NO_CARDS, "placement": "/p", "zones": ["1", "2"]},
        {**NO_CARDS, "placement": "/p", "zones": ["1"]},
    ),
    "aks-zone-twice": ({**NO_CARDS, "zones": ["1", "1"]}, {**NO_CARDS, "zones": ["1", "2"]}),
    "aks-price-without-spot": ({"spot_max_price": 9.5}, {"spot_max_price": 9.5, "spot": True}),
    "aks-eviction-without-spot": ({"eviction": "Delete"}, {"eviction": "Delete", "spot": True}),
    "aks-spot-taint": (
        {
            "taints": [{"key": "kubernetes.azure.com/scalesetpriority", "value": "spot"}],
            "device_plugin_tolerations": [{"operator": "Exists"}],
        },
        {
            "taints": [{"key": "sku", "value": "gpu"}],
            "device_plugin_tolerations": [{"operator": "Exists"}],
        },
    ),
    "aks-driver-of-azure-linux": (
        {**NO_CARDS, "image_type": "AzureLinux", "driver": "None"},
        {**NO_CARDS, "image_type": "AzureLinux"},
    ),
    "aks-disk-too-small": ({"disk_gib": 29}, {"disk_gib": 30}),
    "aks-disk-too-large": ({"disk_gib": 2049}, {"disk_gib": 2048}),
    "aks-reserved-label": (
        {"labels": {"kubernetes.azure.com/team": "a"}},
        {"labels": {"azure.com/team": "a"}},
    ),
}
BLOCK = {"capacity_block": "cr-1"}
ONE_ZONE = {"zones": ["us-east-1a"]}
TWO_ZONES = {"zones": ["us-east-1a", "us-east-1b"]}
KARPENTER_CASES: dict[str, tuple[Said, Said]] = {
    "karpenter-role-or-profile": ({"instance_profile": "p"}, {"node_role": "r"}),
    "karpenter-latest-image": ({"image": "al2023@latest"}, {"image": "al2023@v20261101"}),
    "karpenter-reservation-with-spot": (
        {"spot": True, "capacity_reservation": "cr-1"},
        {"capacity_reservation": "cr-1"},
    ),
    "karpenter-block-and-reservation": ({**BLOCK, "capacity_reservation": "cr-2"}, BLOCK),
    "karpenter-block-of-other-machine": ({**BLOCK, "machine": "g6e.xlarge"}, BLOCK),
    "karpenter-block-in-placement-group": (
        {**BLOCK, "placement_group": "near"},
        {"placement_group": "near"},
    ),
    "karpenter-block-across-zones": (
        {**BLOCK, **TWO_ZONES, "rdma": False},
        {**BLOCK, **ONE_ZONE, "rdma": False},
    ),
    "karpenter-placement-across-zones": (
        {**TWO, "placement_group": "near", "rdma": False},
        {**TWO, **ONE_ZONE, "placement_group": "near", "rdma": False},
    ),
    "karpenter-efa-across-zones": (TWO, {**TWO, **ONE_ZONE}),
    "karpenter-expiry-without-end": (
        {"expire_after": "720h"},
        {"expire_after": "720h", "drain_at_most": "2h"},
    ),
    "karpenter-restricted-tag": (
        {"tags": {"karpenter.sh/nodepool": "mine"}},
        {"tags": {"team": "mine"}},
    ),
    "karpenter-restricted-label": (
        {"labels": {"karpenter.sh/team": "a"}},
        {"labels": {"example.com/team": "a"}},
    ),
}
COMMON: list[Rule[Any]] = [*SIZE_RULES, *TAINT_RULES]
CLOUDS: list[tuple[type[GpuPoolArgs], Said, list[Rule[Any]], dict[str, tuple[Said, Said]]]] = [
    (EksGpuNodePoolArgs, EKS, [*COMMON, *EKS_RULES], EKS_CASES),
    (GkeGpuNodePoolArgs, GKE, [*GKE_RULES], GKE_CASES),
    (AksGpuNodePoolArgs, AKS, [*AKS_RULES], AKS_CASES),
    (KarpenterGpuNodePoolArgs, KARPENTER, [*KARPENTER_RULES], KARPENTER_CASES),
]
CASES = [
    (args, base, rule, *cases[rule.name]) for args, base, rules, cases in CLOUDS for rule in rules
]
RULES = [rule for _, _, rule, _, _ in CASES]


@pytest.mark.parametrize(
    ("args", "base", "rule", "breaks", "keeps"), CASES, ids=[rule.name for rule in RULES]
)
def test_a_rule_both_ways(
    args: type[GpuPoolArgs], base: Said, rule: Rule[Any], breaks: Said, keeps: Said
) -> None:
    args(**changed(base, **keeps))
    with pytest.raises(TrainstackError) as caught:
        args(**changed(base, **breaks))
    message = str(caught.value)
    assert message.startswith(f"{args.__name__}: {rule.field}: ")
    assert f"{rule.reason}; {rule.remedy} ({rule.source})" in message


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_says_where_it_is_from(rule: Rule[Any]) -> None:
    assert re.fullmatch(r"https://[^ ]+|docs/pools\.md", rule.source)


def test_every_case_is_of_a_rule() -> None:
    for _, _, rules, cases in CLOUDS:
        assert list(cases) == [rule.name for rule in rules]


def test_the_page_counts_them() -> None:
    page = " ".join((Path(__file__).parents[3] / "docs/pools.md").read_text().split())
    counted = [len(rules) for rules in (EKS_RULES, GKE_RULES, AKS_RULES, KARPENTER_RULES)]
    form = "{} for all pools, {} for EKS, {} for GKE, {} for AKS, {} for Karpenter"
    assert form.format(len(COMMON), *counted) in page


def test_names_of_rules_are_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"machine": None}, "give exactly one of machine and gpus, got none"),
        ({"gpus": "8xH100"}, "give exactly one of machine and gpus, got both"),
        ({"machine": "p5.48xlage"}, "machine: got 'p5.48xlage': not in the table of machines"),
        (
            {"machine": "a4-highgpu-8g"},
            "machine: got 'a4-highgpu-8g': is a machine of gcp, not of aws",
        ),
        (
            {"machine": None, "gpus": "8xH200"},
            "gpus: got '8xH200': machines of aws with them: 'p5e.48xlarge', 'p5en.48xlarge'; "
            "say machine",
        ),
        (
            {"machine": None, "gpus": "4xH100", "rdma": True},
            "gpus: got '4xH100': machines of aws with them and rdma: none; say machine",
        ),
        ({"machine": None, "gpus": "H100"}, "gpus: got 'H100': must be '<number>x<GPU>'"),
        (
            {"machine": "g6e.xlarge", "rdma": True},
            "rdma: got True: g6e.xlarge has no network cards for its GPUs; leave it out, or choose "
            "another machine",
        ),
        ({"max_nodes": 0}, "max_nodes: got 0: must be greater than or equal to 1"),
        ({"desired_size": 1}, "desired_size: unknown field; say size"),
        ({"prices": "mine.csv"}, "prices: has no effect without region"),
    ],
)
def test_other_mistakes(changes: Said, message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        EksGpuNodePoolArgs(**changed(EKS, **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ({"gpus": "8xH100"}, "p5.48xlarge"),
        ({"gpus": "1xH100"}, "p5.4xlarge"),
        ({"gpus": "4xL40S 48GB", "rdma": True, "machine": None}, None),
        ({"gpus": "8xA100 80GB with RDMA"}, "p4de.24xlarge"),
    ],
)
def test_a_machine_by_its_gpus(wish: Said, name: str | None) -> None:
    said = changed(EKS, machine=None, **{key: one for key, one in wish.items() if one is not None})
    if name is None:
        with pytest.raises(TrainstackError, match="say machine"):
            EksGpuNodePoolArgs(**said)
    else:
        assert EksGpuNodePoolArgs(**said).hardware.machine == name


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, None),
        ({"region": "us-east-1"}, 55.04),
        ({"region": "us-east-1", "spot": True}, None),
        ({"region": "us-east-1", "capacity_block": "cr-1"}, None),
        ({"region": "us-east-1", "capacity_block": "cr-1", "price_per_hour": 31.5}, 31.5),
        ({"region": "nowhere-1"}, None),
    ],
)
def test_an_unknown_price_stays_unknown(changes: Said, price: float | None) -> None:
    assert EksGpuNodePoolArgs(**changed(EKS, **changes)).node_price == price
