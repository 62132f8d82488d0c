"""Every mistake is one message that names the field."""

from __future__ import annotations

from typing import Any

import pytest

from trainstack import TrainstackError
from trainstack.operators import Toleration, TrainingOperatorArgs
from trainstack.spec.model import parse

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"kinds": ["MPIJob"]}, "kinds: got ['MPIJob']: MPIJob is not offered: this operator's "),
    ({"kinds": ["PyTorchJob", "MPIJob"]}, "install the mpi-operator"),
    ({"kinds": []}, "kinds: got []: "),
    ({"kinds": ["TFJob", "TFJob"]}, "kinds: got ['TFJob', 'TFJob']: a kind is named twice"),
    ({"kinds": "PyTorchJob"}, "kinds: got 'PyTorchJob': must be a list of 'PyTorchJob', 'TFJob',"),
    ({"kinds": ["tfjob"]}, "got 'tfjob': must be 'PyTorchJob', 'TFJob'"),
    ({"kind": ["TFJob"]}, "kind: unknown field; did you mean 'kinds'?"),
    ({"version": "1.8"}, "version: unknown operator release 'training-operator@1.8'; known: "),
    ({"namespace": "Kube Flow"}, "namespace: got 'Kube Flow'"),
    ({"watch_namespace": "a/b"}, "watch_namespace: got 'a/b'"),
    ({"source": ""}, "source: got ''"),
    ({"image": "No Image"}, "image: got 'No Image'"),
    ({"image_pull_policy": "Sometimes"}, "image_pull_policy: got 'Sometimes'"),
    ({"replicas": 0}, "replicas: got 0"),
    ({"replicas": "2"}, "replicas: got '2'"),
    ({"qps": 0}, "qps: got 0"),
    ({"qps": 50}, "burst: got 30, less than qps (50)"),
    ({"gang_scheduler_name": "-"}, "gang_scheduler_name: got '-'"),
    ({"labels": {"control-plane": "x"}}, "labels: 'control-plane' is how the operator's pods are"),
    ({"labels": {"team": "a b"}}, "'a b'"),
    ({"node_selector": {"pool": "!"}}, "'!'"),
    ({"requests": {"memory": "lots"}}, "requests.memory: "),
    ({"requests": {"cpu": 2}, "limits": {"cpu": 1}}, "requests 2 of cpu, above its limit 1"),
    ({"tolerations": [{"key": "a", "effect": "Never"}]}, "tolerations[0].effect: got 'Never'"),
    ({"tolerations": [{"value": "a"}]}, "tolerations[0]: without key, operator must be 'Exists'"),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        "tolerations[0]: value has no effect with operator 'Exists'",
    ),
    (
        {"tolerations": [{"key": "a", "toleration_seconds": 3}]},
        "tolerations[0]: toleration_seconds needs effect 'NoExecute'",
    ),
    (
        {"kinds": ["TFJob"], "init_container_image": "busybox:1"},
        "init_container_image has no effect without PyTorchJob in kinds",
    ),
]


@pytest.mark.parametrize(("args", "message"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_mistakes(args: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as told:
        parse(TrainingOperatorArgs, args, "TrainingOperator 'x'")
    assert message in str(told.value)
    assert str(told.value).startswith("TrainingOperator 'x': ")
    assert "\n" not in str(told.value)


def test_order_of_kinds_does_not_matter() -> None:
    some = TrainingOperatorArgs(kinds=("JAXJob", "PyTorchJob"))
    assert some.kinds == ("PyTorchJob", "JAXJob")


def test_toleration() -> None:
    assert Toleration(operator="Exists").to_kube() == {"operator": "Exists"}
    evicted = Toleration(key="k", effect="NoExecute", toleration_seconds=0)
    assert evicted.to_kube() == {
        "effect": "NoExecute",
        "key": "k",
        "operator": "Equal",
        "tolerationSeconds": 0,
    }
