"""Karpenter's own controller with its kwok cloud, which makes nodes that are only objects."""

from __future__ import annotations

import json
from typing import Any

import yaml
from kubernetes import client, config

from tests.support.bare_cluster import BareCluster
from tests.support.processes import free_ports
from trainstack.nodepools.hardware import Machine, machines
from trainstack.nodepools.prices import price

CLASS = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "kwok"}
ZONE = "us-east-1a"

_MEMORY_FOR_PODS = 1 - 0.075
"""Karpenter takes VM_MEMORY_OVERHEAD_PERCENT off what EC2 says."""


def start_karpenter(cluster: BareCluster) -> None:
    """The controller, which can make every AWS machine that trainstack knows."""
    api = config.new_client_from_config(str(cluster.api.kubeconfig))
    definitions = sorted(cluster.api.tools.manifests("karpenter").rglob("*.yaml"))
    for path in definitions:
        definition = yaml.safe_load(path.read_text())
        client.ApiextensionsV1Api(api).create_custom_resource_definition(definition)
    cluster.wait_for_kinds()
    client.CustomObjectsApi(api).create_cluster_custom_object(
        CLASS["group"],
        "v1alpha1",
        "kwoknodeclasses",
        {
            "apiVersion": f"{CLASS['group']}/v1alpha1",
            "kind": CLASS["kind"],
            "metadata": {"name": CLASS["name"]},
            "spec": {},
        },
    )
    file = cluster.api.folder / "machines.json"
    file.write_text(
        json.dumps([_offered(one) for one in machines().values() if one.cloud == "aws"])
    )
    metrics, health = free_ports(2)
    cluster.processes.start(
        "karpenter",
        [cluster.api.tools.binary("karpenter-kwok")],
        DISABLE_LEADER_ELECTION="true",
        HEALTH_PROBE_PORT=str(health),
        INSTANCE_TYPES_FILE_PATH=str(file),
        KUBECONFIG=str(cluster.api.kubeconfig),
        METRICS_PORT=str(metrics),
    )


def _offered(machine: Machine) -> dict[str, Any]:
    """What Karpenter's AWS provider counts of a machine; huge pages are not among it."""
    known = price(machine.machine, "us-east-1")
    where = {"karpenter.sh/capacity-type": "on-demand", "topology.kubernetes.io/zone": ZONE}
    offering = {
        "Price": machine.gpus if known is None else known.price_per_hour,
        "Requirements": [
            {"key": key, "operator": "In", "values": [value]} for key, value in where.items()
        ],
    }
    return {
        "architecture": machine.arch,
        "name": machine.machine,
        "offerings": [offering],
        "operatingSystems": ["linux"],
        "resources": {
            "cpu": str(machine.vcpus),
            "ephemeral-storage": "200Gi",
            "memory": f"{int(machine.memory_gib * 1024 * _MEMORY_FOR_PODS)}Mi",
            "nvidia.com/gpu": str(machine.gpus),
            "vpc.amazonaws.com/efa": str(machine.fabric_cards),
        },
    }
