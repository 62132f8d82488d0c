"""The requests that the AWS provider makes of a pool's inputs, as boto3 takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainstack.testing import Registration

_OTHER_NAMES = {"securityGroups": "Groups", "vpcSecurityGroupIds": "SecurityGroupIds"}
_NOT_IN_TEMPLATE = ("tags", "updateDefaultVersion")


def launch_template(made: Registration) -> dict[str, Any]:
    """`CreateLaunchTemplate` of EC2."""
    data = {key: value for key, value in made.inputs.items() if key not in _NOT_IN_TEMPLATE}
    return {"LaunchTemplateName": made.name, "LaunchTemplateData": _pascal(data)}


def node_group(made: Registration, template_id: str) -> dict[str, Any]:
    """`CreateNodegroup` of EKS."""
    said = dict(made.inputs)
    return {
        "nodegroupName": made.name,
        "nodeRole": said.pop("nodeRoleArn"),
        "subnets": said.pop("subnetIds"),
        **said,
        "launchTemplate": {"id": template_id, "version": "1"},
    }


def group_tag(made: Registration) -> dict[str, Any]:
    """One of `CreateOrUpdateTags` of Auto Scaling."""
    group = made.inputs["autoscalingGroupName"]
    return {
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        **_pascal(made.inputs["tag"]),
    }


def _pascal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            _OTHER_NAMES.get(key, key[0].upper() + key[1:]): _tags(item)
            if key == "tags"
            else _pascal(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_pascal(item) for item in value]
    return {"false": False, "true": True}.get(value, value) if isinstance(value, str) else value


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
