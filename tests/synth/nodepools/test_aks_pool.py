"""`AksGpuNodePool`: what it registers, whole."""

from __future__ import annotations

import sys
from typing import Any

import pulumi
import pulumi_azure_native as azure
import pytest

import trainstack as ts
from tests.support.pools import AKS, changed
from tests.support.sdk_types import errors
from trainstack.testing import Synthesis, synth

KINDS: dict[str, dict[str, Any]] = {
    "InfiniBand": {},
    "without it": {"machine": "Standard_NC24ads_A100_v4", "zones": ["1", "2"]},
    "spot": {"spot": True, "spot_max_price": 40.5, "eviction": "Deallocate"},
    "reservation": {"capacity_reservation": "/subscriptions/s/groups/r"},
    "placement": {"placement": "/subscriptions/s/groups/p"},
    "fixed size": {"min_nodes": 4},
    "all fields": {
        "disk_gib": 500,
        "disk_type": "Ephemeral",
        "driver": "None",
        "kubernetes_version": "1.34.1",
        "labels": {"team": "vision"},
        "size": 2,
        "subnet": "/subscriptions/s/subnets/n",
        "tags": {"cost": "research"},
        "zones": ["1"],
    },
}


def made(**changes: Any) -> Synthesis:
    return synth(lambda: ts.AksGpuNodePool("h100", changed(AKS, **changes)))


def profile(**changes: Any) -> ts.PoolProfile:
    found: list[ts.PoolProfile] = []
    synth(lambda: found.append(ts.AksGpuNodePool("h100", changed(AKS, **changes)).profile))
    return found[0]


def test_all_that_it_registers() -> None:
    found = made(region="eastus", zones=["1"])
    assert [(one.type, one.name, one.parent, one.inputs) for one in found.registrations] == [
        (
            "trainstack:index:AksGpuNodePool",
            "h100",
            "",
            {
                "cluster_name": "train",
                "gpus_per_node": 8,
                "machine": "Standard_ND96isr_H100_v5",
                "max_nodes": 4,
                "pool_name": "h100",
                "region": "eastus",
                "resource_group": "research",
                "taints": ["nvidia.com/gpu=present:NoSchedule"],
                "zones": ["1"],
            },
        ),
        (
            "azure-native:containerservice:AgentPool",
            "h100",
            "h100",
            {
                "agentPoolName": "h100",
                "availabilityZones": ["1"],
                "count": 0,
                "enableAutoScaling": True,
                "gpuProfile": {"driver": "Install"},
                "maxCount": 4,
                "minCount": 0,
                "mode": "User",
                "nodeLabels": {"trainstack.dev/pool": "h100"},
                "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"],
                "osDiskSizeGB": 200,
                "osSKU": "Ubuntu",
                "osType": "Linux",
                "resourceGroupName": "research",
                "resourceName": "train",
                "type": "VirtualMachineScaleSets",
                "upgradeSettings": {"maxSurge": "0", "maxUnavailable": "1"},
                "vmSize": "Standard_ND96isr_H100_v5",
            },
        ),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_of_azure_knows_all_of_it(kind: str) -> None:
    found = made(**KINDS[kind]).one("AgentPool").inputs
    assert errors(found, azure.containerservice.AgentPoolArgs) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"spot": True},
            {
                "scaleSetEvictionPolicy": "Delete",
                "scaleSetPriority": "Spot",
                "spotMaxPrice": -1,
            },
        ),
        (
            {"spot": True, "spot_max_price": 40.5, "eviction": "Deallocate"},
            {
                "scaleSetEvictionPolicy": "Deallocate",
                "scaleSetPriority": "Spot",
                "spotMaxPrice": 40.5,
            },
        ),
        ({"capacity_reservation": "/s/r"}, {"capacityReservationGroupID": "/s/r"}),
        ({"placement": "/s/p"}, {"proximityPlacementGroupID": "/s/p"}),
        (
            {"min_nodes": 4},
            {"count": 4, "enableAutoScaling": False, "maxCount": None, "minCount": None},
        ),
        ({"driver": "None"}, {"gpuProfile": {"driver": "None"}}),
        ({"subnet": "/s/n"}, {"vnetSubnetID": "/s/n"}),
        ({"taints": []}, {"nodeTaints": None}),
    ],
)
def test_what_a_field_changes(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    plain = made().one("AgentPool").inputs
    assert made(**changes).one("AgentPool").inputs == changed(plain, **expected)


def test_the_size_of_an_autoscaler_is_no_drift() -> None:
    scaled, fixed = made().one("AgentPool"), made(min_nodes=4).one("AgentPool")
    assert scaled.options["ignoreChanges"] == ["count"]
    assert "ignoreChanges" not in fixed.options


def test_what_its_jobs_are_told() -> None:
    assert profile() == ts.PoolProfile(
        name="h100",
        machine="Standard_ND96isr_H100_v5",
        arch="amd64",
        gpus=8,
        cpu=96,
        memory="1900Gi",
        max_nodes=4,
        node_selector={"trainstack.dev/pool": "h100"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        annotations={
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
            "karpenter.sh/do-not-disrupt": "true",
        },
        devices={"rdma/ib": 8},
    )


def test_jobs_on_spot_nodes_tolerate_what_aks_adds() -> None:
    (_, added) = profile(spot=True).tolerations
    assert added.key == "kubernetes.azure.com/scalesetpriority"


def test_options_reach_its_children() -> None:
    def program() -> None:
        elsewhere = azure.Provider("elsewhere", subscription_id="other")
        ts.AksGpuNodePool("h100", AKS, pulumi.ResourceOptions(providers=[elsewhere]))

    assert "::elsewhere::" in synth(program).one("AgentPool").options["provider"]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_azure_native", None)
    with pytest.raises(ts.TrainstackError, match=r"pip install 'trainstack\[azure\]'"):
        made()
