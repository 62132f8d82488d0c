"""Pools that a node agent does not belong on: each rule with one that breaks it, and one nearby
that does not."""

from __future__ import annotations

from typing import Any

import pytest

from trainstack import (
    DcgmExporterArgs,
    EfaDevicePluginArgs,
    ExistingPool,
    NvidiaDevicePluginArgs,
    PoolProfile,
    TrainstackError,
)
from trainstack.nodepools.rules.rule import Rule
from trainstack.nodes.args import NodeAgentArgs
from trainstack.nodes.rules import DCGM_RULES, EFA_RULES, MIG_RULES, NVIDIA_RULES

SELECTED = {"pool": "a"}
OFF = "gke-no-default-nvidia-gpu-device-plugin"

Said = dict[str, Any]


def machine(name: str, **said: Any) -> PoolProfile:
    """A pool of a machine in the table."""
    return ExistingPool(name="a", machine=name, **said).profile


def nodes(**said: Any) -> PoolProfile:
    """A pool of which the table knows nothing."""
    return PoolProfile(**{"name": "a", "gpus": 8, "node_selector": SELECTED, **said})


MIG = nodes(gpu_resource="nvidia.com/mig-1g.10gb")
EVERYWHERE = {
    "nodes-not-told-apart": ({"pools": [nodes(node_selector={})]}, {"pools": [nodes()]}),
}
OF_NVIDIA: dict[str, tuple[Said, Said]] = {
    **EVERYWHERE,
    "no-gpus": ({"pools": [nodes(gpus=0)]}, {"pools": [nodes(gpus=1)]}),
    "gpus-of-others": (
        {"pools": [nodes(gpu_resource="amd.com/gpu")]},
        {"pools": [nodes(gpu_resource="nvidia.com/gpu.shared")]},
    ),
}
CASES: dict[type[NodeAgentArgs], dict[str, tuple[Said, Said]]] = {
    NvidiaDevicePluginArgs: {
        **OF_NVIDIA,
        "google-has-its-own-device-plugin": (
            {"pools": [machine("a3-highgpu-8g")]},
            {"pools": [machine("a3-highgpu-8g", node_selector={OFF: "true"})]},
        ),
        "image-has-device-plugin": (
            {"pools": [{**nodes().to_dict(), "has_device_plugin": True}]},
            {"pools": [{**nodes().to_dict(), "has_device_plugin": False}]},
        ),
        "mig-by-name": (
            {"pools": [MIG], "mig_strategy": "single"},
            {"pools": [MIG], "mig_strategy": "mixed"},
        ),
    },
    EfaDevicePluginArgs: {
        **EVERYWHERE,
        "nodes-not-told-apart": (
            {"pools": [nodes(node_selector={})]},
            {"pools": [nodes(devices={"vpc.amazonaws.com/efa": 4})]},
        ),
        "no-efa": (
            {"pools": [machine("p5.48xlarge", rdma=False)]},
            {"pools": [machine("p5.48xlarge")]},
        ),
    },
    DcgmExporterArgs: {
        **OF_NVIDIA,
        "google-has-its-own-exporter": (
            {"pools": [machine("a3-highgpu-8g")]},
            {"pools": [machine("Standard_ND96isr_H100_v5")]},
        ),
    },
}
RULES: dict[type[NodeAgentArgs], tuple[Rule[Any], ...]] = {
    NvidiaDevicePluginArgs: (*NVIDIA_RULES, *MIG_RULES),
    EfaDevicePluginArgs: EFA_RULES,
    DcgmExporterArgs: DCGM_RULES,
}
EACH = [(model, rule) for model, rules in RULES.items() for rule in rules]


@pytest.mark.parametrize(("model", "rule"), EACH, ids=lambda one: getattr(one, "name", ""))
def test_what_breaks_a_rule_is_refused_and_what_is_near_it_is_not(
    model: type[NodeAgentArgs], rule: Rule[Any]
) -> None:
    broken, near = CASES[model][rule.name]
    with pytest.raises(TrainstackError) as caught:
        model(**broken)
    message = str(caught.value)
    assert f"{rule.field}: " in message
    assert f"{rule.reason}; {rule.remedy} ({rule.source})" in message
    assert model(**near).pools


def test_every_rule_has_a_case() -> None:
    found = {model: {rule.name for rule in rules} for model, rules in RULES.items()}
    assert {model: set(cases) for model, cases in CASES.items()} == found


def test_a_message_names_the_pool_the_value_and_what_to_do() -> None:
    pools = [machine("p5.48xlarge"), {**machine("a3-highgpu-8g").to_dict(), "name": "b"}]
    with pytest.raises(TrainstackError) as caught:
        NvidiaDevicePluginArgs(pools=tuple(pools))
    assert str(caught.value) == (
        "NvidiaDevicePluginArgs: pools[1].machine: got 'a3-highgpu-8g': GKE runs Google's device "
        "plugin on these nodes, and two would offer the same GPUs; leave the pool out "
        "(https://cloud.google.com/kubernetes-engine/docs/how-to/gpus)"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "pools: required, but not given"),
        ({"pools": []}, "pools: got []: name at least one"),
        ({"pools": [nodes(), nodes()]}, "pools[1]: 'a' is given twice"),
        ({"pools": ["h100"]}, "pools[0]: got 'h100': must be a dict or NodesOfPool"),
        ({"pools": [{"gpus": 8}]}, "pools[0].name: required, but not given"),
        ({"pools": [nodes()], "image": "Not An Image"}, "image: got 'Not An Image': must be"),
        ({"pools": [nodes()], "tolerations": []}, "tolerations: unknown field; say pools, whose"),
        ({"pools": [nodes()], "node_selector": {}}, "node_selector: unknown field; say pools, w"),
        ({"pools": [nodes()], "mig_strategy": "all"}, "mig_strategy: got 'all': must be 'none', "),
        ({"pools": [nodes()], "namespace": "Kube"}, "namespace: got 'Kube': must be lower-case"),
        (
            {"pools": [nodes()], "labels": {"app.kubernetes.io/name": "mine"}},
            "labels: got 'app.kubernetes.io/name': app.kubernetes.io/ is how its pods are found",
        ),
        (
            {"pools": [nodes()], "requests": {"cpu": 2}, "limits": {"cpu": 1}},
            "requests 2 of cpu, above its limit 1",
        ),
    ],
)
def test_other_mistakes(said: Said, message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        NvidiaDevicePluginArgs(**said)
    assert message in str(caught.value)
