"""`KarpenterGpuNodePool`: what it registers, whole, against Karpenter's own definitions."""

from __future__ import annotations

from typing import Any

import pytest

import trainstack as ts
from tests.support.karpenter import crds
from tests.support.pools import KARPENTER, KARPENTER_KINDS, changed
from tests.support.schema import crd_schema, errors
from trainstack.testing import Synthesis, synth

POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    return {kind: crd_schema(path, "v1") for kind, path in crds().items()}


def made(**changes: Any) -> Synthesis:
    return synth(lambda: ts.KarpenterGpuNodePool("h100", changed(KARPENTER, **changes)))


def test_all_that_it_registers() -> None:
    found = made(machine="p4d.24xlarge", region="us-east-1", zones=["us-east-1a"])
    assert [(one.type, one.name, one.parent, one.inputs) for one in found.registrations] == [
        (
            "trainstack:index:KarpenterGpuNodePool",
            "h100",
            "",
            {
                "gpus_per_node": 8,
                "image": "al2023@v20261101",
                "machine": "p4d.24xlarge",
                "max_nodes": 4,
                "node_role": "nodes",
                "price_per_hour": 21.9576,
                "price_per_hour_at_most": 87.8304,
                "region": "us-east-1",
                "security_groups": ["sg-cluster", "sg-efa"],
                "subnets": ["subnet-a"],
                "taints": ["nvidia.com/gpu=present:NoSchedule"],
                "zones": ["us-east-1a"],
            },
        ),
        (
            CLASS,
            "h100-class",
            "h100",
            {
                "apiVersion": "karpenter.k8s.aws/v1",
                "kind": "EC2NodeClass",
                "metadata": {"name": "h100"},
                "spec": {
                    "amiSelectorTerms": [{"alias": "al2023@v20261101"}],
                    "blockDeviceMappings": [
                        {
                            "deviceName": "/dev/xvda",
                            "ebs": {
                                "deleteOnTermination": True,
                                "volumeSize": "200Gi",
                                "volumeType": "gp3",
                            },
                        }
                    ],
                    "metadataOptions": {"httpPutResponseHopLimit": 2, "httpTokens": "required"},
                    "networkInterfaces": [
                        {"deviceIndex": device, "interfaceType": kind, "networkCardIndex": card}
                        for card, device, kind in (
                            (0, 0, "interface"),
                            (0, 1, "efa-only"),
                            (1, 0, "efa-only"),
                            (2, 0, "efa-only"),
                            (3, 0, "efa-only"),
                        )
                    ],
                    "role": "nodes",
                    "securityGroupSelectorTerms": [{"id": "sg-cluster"}, {"id": "sg-efa"}],
                    "subnetSelectorTerms": [{"id": "subnet-a"}],
                },
            },
        ),
        (
            POOL,
            "h100",
            "h100",
            {
                "apiVersion": "karpenter.sh/v1",
                "kind": "NodePool",
                "metadata": {"name": "h100"},
                "spec": {
                    "disruption": {
                        "budgets": [
                            {"nodes": "100%", "reasons": ["Empty"]},
                            {"nodes": "0", "reasons": ["Drifted"]},
                            {"nodes": "0", "reasons": ["Underutilized"]},
                        ],
                        "consolidateAfter": "10m",
                        "consolidationPolicy": "WhenEmpty",
                    },
                    "limits": {"nodes": 4, "nvidia.com/gpu": 32},
                    "template": {
                        "metadata": {"labels": {"trainstack.dev/pool": "h100"}},
                        "spec": {
                            "expireAfter": "Never",
                            "nodeClassRef": {
                                "group": "karpenter.k8s.aws",
                                "kind": "EC2NodeClass",
                                "name": "h100",
                            },
                            "requirements": [
                                {"key": key, "operator": "In", "values": [value]}
                                for key, value in (
                                    ("karpenter.sh/capacity-type", "on-demand"),
                                    ("kubernetes.io/arch", "amd64"),
                                    ("node.kubernetes.io/instance-type", "p4d.24xlarge"),
                                    ("topology.kubernetes.io/zone", "us-east-1a"),
                                )
                            ],
                            "taints": [
                                {
                                    "effect": "NoSchedule",
                                    "key": "nvidia.com/gpu",
                                    "value": "present",
                                }
                            ],
                        },
                    },
                },
            },
        ),
    ]
    assert found.one(POOL).options["dependencies"] == [
        f"urn:pulumi:stack::project::trainstack:index:KarpenterGpuNodePool${CLASS}::h100-class"
    ]


@pytest.mark.parametrize("kind", KARPENTER_KINDS)
def test_karpenter_knows_all_of_it(kind: str, schemas: dict[str, dict[str, Any]]) -> None:
    found = made(**KARPENTER_KINDS[kind])
    for type_ in (CLASS, POOL):
        manifest = found.one(type_).inputs
        assert errors(manifest, schemas[manifest["kind"]]) == []


def test_the_definitions_find_mistakes(schemas: dict[str, dict[str, Any]]) -> None:
    pool = made().one(POOL).inputs
    pool["spec"]["template"]["spec"]["expireAfter"] = "soon"
    pool["spec"]["disruption"]["consolidateafter"] = "10m"
    assert len(errors(pool, schemas["NodePool"])) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("on-demand", None)),
        ({"spot": True}, ("spot", None)),
        ({"capacity_reservation": "cr-1"}, ("reserved", [{"id": "cr-1"}])),
        ({"capacity_block": "cr-2"}, ("reserved", [{"id": "cr-2"}])),
    ],
)
def test_the_terms(changes: dict[str, Any], expected: tuple[str, Any]) -> None:
    found = made(**changes)
    (first, *_) = found.one(POOL).inputs["spec"]["template"]["spec"]["requirements"]
    terms = found.one(CLASS).inputs["spec"].get("capacityReservationSelectorTerms")
    assert (first["values"][0], terms) == expected


def test_nodes_that_drifted_may_go_one_by_one() -> None:
    budgets = made(replace_drifted=True).one(POOL).inputs["spec"]["disruption"]["budgets"]
    assert {"nodes": "1", "reasons": ["Drifted"]} in budgets


def test_it_is_on_the_cluster_that_it_names() -> None:
    found = made(cluster=ts.Cluster(context="train"))
    assert "::cluster-train::" in found.one(POOL).options["provider"]


def test_its_jobs_are_told_the_same_as_in_eks_but_for_huge_pages_that_it_does_not_know() -> None:
    found: list[ts.PoolProfile] = []

    def program() -> None:
        found.append(ts.KarpenterGpuNodePool("h100", KARPENTER).profile)
        said = {key: value for key, value in KARPENTER.items() if key not in ("image", "node_role")}
        eks = {"cluster_name": "train", "node_role_arn": "arn:aws:iam::1:role/nodes"}
        found.append(ts.EksGpuNodePool("h100", {**said, **eks}).profile)

    synth(program)
    ours, of_eks = (profile.to_dict() for profile in found)
    assert of_eks.pop("huge_pages") == "5120Mi"
    assert ours == {**of_eks, "env": {"FI_EFA_USE_HUGE_PAGE": "0"}}
