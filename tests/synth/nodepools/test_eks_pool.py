"""`EksGpuNodePool`: what it registers, whole, and what AWS makes of it."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest
from moto import mock_aws

import trainstack as ts
from tests.support.aws_requests import group_tag, launch_template, node_group
from tests.support.pools import EKS, changed
from tests.support.sdk_types import errors
from trainstack.testing import Synthesis, synth

TYPES = {
    "aws:autoscaling/tag:Tag": aws.autoscaling.TagArgs,
    "aws:ec2/launchTemplate:LaunchTemplate": aws.ec2.LaunchTemplateArgs,
    "aws:ec2/placementGroup:PlacementGroup": aws.ec2.PlacementGroupArgs,
    "aws:eks/nodeGroup:NodeGroup": aws.eks.NodeGroupArgs,
}
TAG = "k8s.io/cluster-autoscaler/node-template"
NOT_KEPT = ("launchTemplate", "updateConfig")
"""What moto answers otherwise, or forgets; botocore has checked it."""
KINDS: dict[str, dict[str, Any]] = {
    "one card, no EFA": {"machine": "g6e.xlarge", "security_groups": None},
    "EFA on every card": {"machine": "p5.48xlarge"},
    "EFA on all cards but the first": {"machine": "p6-b300.48xlarge"},
    "spot": {"machine": "g6e.12xlarge", "rdma": False, "spot": True, "subnets": ["a", "b"]},
    "reservation": {"capacity_reservation": "cr-1"},
    "reservation in a group": {"capacity_reservation": "cr-1", "placement_group": "near"},
    "Capacity Block": {"capacity_block": "cr-2", "size": 2},
    "placement": {"placement": "cluster"},
    "ARM": {"machine": "g5g.2xlarge", "security_groups": None},
    "all fields": {
        "disk_gib": 500,
        "image_type": "AL2023_x86_64_NVIDIA",
        "kubernetes_version": "1.34",
        "labels": {"team": "vision"},
        "local_disks": "RAID0",
        "min_nodes": 1,
        "placement": "cluster",
        "release_version": "1.34.2-20261101",
        "tags": {"cost": "research"},
    },
}


def made(**changes: Any) -> Synthesis:
    return synth(lambda: ts.EksGpuNodePool("h100", changed(EKS, **changes)))


def test_all_that_it_registers() -> None:
    found = made(machine="p4d.24xlarge", placement="cluster", region="us-east-1")
    network = {
        "deleteOnTermination": "true",
        "interfaceType": "efa-only",
        "securityGroups": ["sg-cluster", "sg-efa"],
    }
    tags = {"Name": "h100"}
    group = "eks-h100"
    autoscaler = {
        "label/trainstack.dev/pool": "h100",
        "resources/hugepages-2Mi": "5120Mi",
        "resources/nvidia.com/gpu": "8",
        "resources/vpc.amazonaws.com/efa": "4",
        "taint/nvidia.com/gpu": "present:NoSchedule",
    }
    assert [(one.type, one.name, one.parent, one.inputs) for one in found.registrations] == [
        (
            "trainstack:index:EksGpuNodePool",
            "h100",
            "",
            {
                "cluster_name": "train",
                "gpus_per_node": 8,
                "machine": "p4d.24xlarge",
                "max_nodes": 4,
                "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
                "placement": "cluster",
                "price_per_hour": 21.9576,
                "price_per_hour_at_most": 87.8304,
                "region": "us-east-1",
                "security_groups": ["sg-cluster", "sg-efa"],
                "subnets": ["subnet-a"],
                "taints": ["nvidia.com/gpu=present:NoSchedule"],
            },
        ),
        (
            "aws:ec2/placementGroup:PlacementGroup",
            "h100",
            "h100",
            {"strategy": "cluster"},
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            "h100",
            "h100",
            {
                "blockDeviceMappings": [
                    {
                        "deviceName": "/dev/xvda",
                        "ebs": {
                            "deleteOnTermination": "true",
                            "volumeSize": 200,
                            "volumeType": "gp3",
                        },
                    }
                ],
                "instanceType": "p4d.24xlarge",
                "metadataOptions": {"httpPutResponseHopLimit": 2, "httpTokens": "required"},
                "networkInterfaces": [
                    {**network, "deviceIndex": 0, "interfaceType": "interface"}
                    | {"networkCardIndex": 0},
                    {**network, "deviceIndex": 1, "networkCardIndex": 0},
                    {**network, "deviceIndex": 0, "networkCardIndex": 1},
                    {**network, "deviceIndex": 0, "networkCardIndex": 2},
                    {**network, "deviceIndex": 0, "networkCardIndex": 3},
                ],
                "placement": {"groupName": "h100-id"},
                "tagSpecifications": [
                    {"resourceType": "instance", "tags": tags},
                    {"resourceType": "volume", "tags": tags},
                ],
                "updateDefaultVersion": True,
            },
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            "h100",
            "h100",
            {
                "amiType": "AL2023_x86_64_NVIDIA",
                "capacityType": "ON_DEMAND",
                "clusterName": "train",
                "labels": {"trainstack.dev/pool": "h100"},
                "launchTemplate": {"id": "h100-id", "version": "1"},
                "nodeRoleArn": "arn:aws:iam::123456789012:role/nodes",
                "scalingConfig": {"desiredSize": 0, "maxSize": 4, "minSize": 0},
                "subnetIds": ["subnet-a"],
                "taints": [{"effect": "NO_SCHEDULE", "key": "nvidia.com/gpu", "value": "present"}],
                "updateConfig": {"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
            },
        ),
        *(
            (
                "aws:autoscaling/tag:Tag",
                f"h100-{key}",
                "h100",
                {
                    "autoscalingGroupName": group,
                    "tag": {"key": f"{TAG}/{key}", "propagateAtLaunch": False, "value": value},
                },
            )
            for key, value in autoscaler.items()
        ),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_of_aws_knows_all_of_it(kind: str) -> None:
    for one in made(**KINDS[kind]).registrations[1:]:
        assert errors(one.inputs, TYPES[one.type]) == []


@pytest.mark.parametrize(
    ("changes", "template", "group"),
    [
        (
            {"spot": True},
            {},
            {"capacityType": "SPOT"},
        ),
        (
            {"capacity_reservation": "cr-1"},
            {
                "capacityReservationSpecification": {
                    "capacityReservationTarget": {"capacityReservationId": "cr-1"}
                }
            },
            {"capacityType": "ON_DEMAND"},
        ),
        (
            {"capacity_block": "cr-2", "size": 2},
            {
                "capacityReservationSpecification": {
                    "capacityReservationTarget": {"capacityReservationId": "cr-2"}
                },
                "instanceMarketOptions": {"marketType": "capacity-block"},
            },
            {
                "capacityType": "CAPACITY_BLOCK",
                "scalingConfig": {"desiredSize": 2, "maxSize": 4, "minSize": 0},
            },
        ),
        (
            {"rdma": False, "subnets": ["a", "b"]},
            {"networkInterfaces": None, "vpcSecurityGroupIds": ["sg-cluster", "sg-efa"]},
            {"subnetIds": ["a", "b"]},
        ),
        (
            {"image_type": "BOTTLEROCKET_x86_64_NVIDIA"},
            {
                "blockDeviceMappings": [
                    {
                        "deviceName": "/dev/xvdb",
                        "ebs": {
                            "deleteOnTermination": "true",
                            "volumeSize": 200,
                            "volumeType": "gp3",
                        },
                    }
                ]
            },
            {"amiType": "BOTTLEROCKET_x86_64_NVIDIA"},
        ),
        ({"taints": []}, {}, {"taints": None}),
        (
            {"kubernetes_version": "1.34", "release_version": "1.34.2-20261101"},
            {},
            {"releaseVersion": "1.34.2-20261101", "version": "1.34"},
        ),
    ],
)
def test_what_a_field_changes(
    changes: dict[str, Any], template: dict[str, Any], group: dict[str, Any]
) -> None:
    plain, found = made(), made(**changes)
    for type_, expected in (("LaunchTemplate", template), ("NodeGroup", group)):
        whole = changed(plain.one(type_).inputs, **expected)
        assert found.one(type_).inputs == whole


def test_local_disks_are_said_to_the_node() -> None:
    said = base64.b64decode(made(local_disks="RAID0").one("LaunchTemplate").inputs["userData"])
    assert b"localStorage:\n      strategy: RAID0\n" in said


def test_the_size_of_an_autoscaler_is_no_drift() -> None:
    ignored = {
        nodes: made(min_nodes=nodes).one("NodeGroup").options.get("ignoreChanges")
        for nodes in (0, 3, 4)
    }
    assert ignored == {0: ["scalingConfig.desiredSize"], 3: ["scalingConfig.desiredSize"], 4: None}
    assert made(min_nodes=4).of_type("aws:autoscaling/tag:Tag") == []


def test_what_its_jobs_are_told() -> None:
    found: list[ts.PoolProfile] = []
    said = changed(EKS, gpus="8xH100", machine=None, region="us-east-1")
    synth(lambda: found.append(ts.EksGpuNodePool("h100", said).profile))
    assert found == [
        ts.PoolProfile(
            name="h100",
            machine="p5.48xlarge",
            arch="amd64",
            gpus=8,
            cpu=192,
            memory="2048Gi",
            max_nodes=4,
            price_per_hour=55.04,
            node_selector={"trainstack.dev/pool": "h100"},
            tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            annotations={
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                "karpenter.sh/do-not-disrupt": "true",
            },
            topology_key="topology.k8s.aws/network-node-layer-3",
            devices={"vpc.amazonaws.com/efa": 32},
            huge_pages="5120Mi",
        )
    ]


def test_a_job_takes_it() -> None:
    def program() -> None:
        pool = ts.EksGpuNodePool("h100", EKS)
        ts.ElasticJob(
            "llm",
            {
                "image": "llm:1",
                "program": {"module": "llm"},
                "nproc_per_node": "gpu",
                "resources": {"cpu": 96, "memory": "1Ti"},
                "pool": pool,
            },
        )

    pod = synth(program).one("kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"trainstack.dev/pool": "h100"}
    assert pod["containers"][0]["resources"]["limits"]["vpc.amazonaws.com/efa"] == "32"


def test_outputs_may_be_unknown_in_preview() -> None:
    def program() -> None:
        subnet = aws.ec2.Subnet("a", vpc_id="vpc-1", cidr_block="10.0.0.0/16")
        ts.EksGpuNodePool("h100", changed(EKS, subnets=[subnet.id]))

    found = synth(program, preview=True)
    assert len(found.of_type("aws:autoscaling/tag:Tag")) == 5


def test_options_reach_its_children() -> None:
    def program() -> None:
        elsewhere = aws.Provider("elsewhere", region="us-west-2")
        ts.EksGpuNodePool("h100", EKS, pulumi.ResourceOptions(providers=[elsewhere]))

    found = synth(program)
    for one in found.registrations[2:]:
        assert "::elsewhere::" in one.options["provider"]


def test_its_name_is_a_label_of_its_nodes() -> None:
    with pytest.raises(ts.TrainstackError, match="EksGpuNodePool 'H100': logical name: name: got"):
        synth(lambda: ts.EksGpuNodePool("H100", EKS))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)
    with pytest.raises(ts.TrainstackError, match=r"pip install 'trainstack\[aws\]'"):
        made()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An AWS account of moto with a cluster, two subnets, a security group and a role."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        ec2 = boto3.client("ec2", region_name="us-east-1")
        eks = boto3.client("eks", region_name="us-east-1")
        zones = {one["AvailabilityZone"]: one for one in ec2.describe_subnets()["Subnets"]}
        subnets = [zones[name]["SubnetId"] for name in sorted(zones)[:2]]
        (group, *_) = ec2.describe_security_groups()["SecurityGroups"]
        role = "arn:aws:iam::123456789012:role/nodes"
        eks.create_cluster(name="train", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
        yield {"ec2": ec2, "eks": eks, "group": group["GroupId"], "subnets": subnets}


@pytest.mark.parametrize("kind", KINDS)
def test_aws_makes_it(kind: str, account: dict[str, Any]) -> None:
    """botocore checks the parameters, and moto keeps what it was told."""
    ec2, eks = account["ec2"], account["eks"]
    several = len(KINDS[kind].get("subnets", ["a"]))
    found = made(
        **{
            **KINDS[kind],
            "subnets": account["subnets"][:several],
            "security_groups": [account["group"]],
        }
    )
    request = launch_template(found.one("LaunchTemplate"))
    template = ec2.create_launch_template(**request)["LaunchTemplate"]["LaunchTemplateId"]
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateId=template)[
        "LaunchTemplateVersions"
    ]
    assert version["LaunchTemplateData"] == request["LaunchTemplateData"]
    wanted = node_group(found.one("NodeGroup"), template)
    eks.create_nodegroup(**wanted)
    group = eks.describe_nodegroup(clusterName="train", nodegroupName="h100")["nodegroup"]
    assert group["launchTemplate"]["id"] == template
    kept = {key: value for key, value in wanted.items() if key not in NOT_KEPT}
    assert {key: group[key] for key in kept} == kept


def test_its_group_gets_the_tags(account: dict[str, Any]) -> None:
    ec2 = account["ec2"]
    scaling = boto3.client("autoscaling", region_name="us-east-1")
    found = made(labels={"team": "vision"}, subnets=account["subnets"][:1])
    template = ec2.create_launch_template(**launch_template(found.one("LaunchTemplate")))
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="eks-h100",
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"]},
        MaxSize=4,
        MinSize=0,
        VPCZoneIdentifier=account["subnets"][0],
    )
    tags = found.of_type("aws:autoscaling/tag:Tag")
    scaling.create_or_update_tags(Tags=[group_tag(one) for one in tags])
    assert {one["Key"]: one["Value"] for one in scaling.describe_tags()["Tags"]} == {
        f"{TAG}/label/team": "vision",
        f"{TAG}/label/trainstack.dev/pool": "h100",
        f"{TAG}/resources/hugepages-2Mi": "5120Mi",
        f"{TAG}/resources/nvidia.com/gpu": "8",
        f"{TAG}/resources/vpc.amazonaws.com/efa": "32",
        f"{TAG}/taint/nvidia.com/gpu": "present:NoSchedule",
    }
