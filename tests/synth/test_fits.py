"""A job that does not fit its pool is refused in preview, with the arithmetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from trainstack.testing import synth

POOL = {
    "name": "h100",
    "machine": "p5.48xlarge",
    "arch": "amd64",
    "gpus": 8,
    "cpu": 190,
    "memory": "1900Gi",
    "max_nodes": 4,
}
NODE = "pool 'h100' (p5.48xlarge)"
FIVE = (
    f"5 pods of 8 nvidia.com/gpu, of 8 a node, need 5 nodes, but {NODE} has at most 4 (max_nodes)"
)
TOO_MANY: list[tuple[type[pulumi.ComponentResource], dict[str, Any], str]] = [
    (
        ts.ElasticJob,
        {"resources": {"gpu": 16}},
        f"ElasticJob 'mnist': pool: a pod asks for 16 nvidia.com/gpu, but a node of {NODE} has 8",
    ),
    (
        ts.ElasticJob,
        {"resources": {"cpu": "190.5"}},
        f"pool: a pod asks for 190.5 cpu, but a node of {NODE} has 190",
    ),
    (
        ts.ElasticJob,
        {"resources": {"memory": "2Ti"}},
        f"pool: a pod asks for 2048Gi memory, but a node of {NODE} has 1900Gi",
    ),
    (
        ts.ElasticJob,
        {
            "pod_overlay": {
                "spec": {
                    "containers": [
                        {"name": "proxy", "resources": {"requests": {"cpu": "100"}}},
                        {"name": "pytorch", "resources": {"requests": {"cpu": "91"}}},
                    ]
                }
            }
        },
        f"pool: a pod asks for 191 cpu, but a node of {NODE} has 190",
    ),
    (
        ts.ElasticJob,
        {
            "pod_overlay": {
                "spec": {
                    "containers": [
                        {"name": "proxy", "resources": {"requests": {"cpu": "four"}}},
                    ]
                }
            }
        },
        "ElasticJob 'mnist': pod_overlay: cpu: got 'four': must be a number with",
    ),
    (
        ts.ElasticJob,
        {"nnodes": 5},
        f"pool: {FIVE}",
    ),
    (
        ts.ElasticJob,
        {"nnodes": "1:8", "size": 5},
        f"pool: {FIVE}",
    ),
    (
        ts.ElasticJob,
        {"nnodes": 5, "resources": {"gpu": 5}},
        f"pool: 5 pods of 5 nvidia.com/gpu, of 8 a node, need 5 nodes, but {NODE} has at most 4",
    ),
    (
        ts.ElasticJob,
        {"nnodes": 4, "resources": {"cpu": 190}},
        f"pool: 760.1 cpu, of 190 a node, need 5 nodes, but {NODE} has at most 4",
    ),
    (
        ts.PyTorchJob,
        {"master": {"requests": {"gpu": 6}}, "worker": {"replicas": 4, "requests": {"gpu": 5}}},
        f"pool: 5 pods of 5 nvidia.com/gpu, of 8 a node, need 5 nodes, but {NODE} has at most 4",
    ),
    (
        ts.PyTorchJob,
        {"worker": {"replicas": 4}},
        f"PyTorchJob 'mnist': pool: {FIVE}",
    ),
    (
        ts.PyTorchJob,
        {"worker": {"replicas": 1, "pool": {"name": "t4", "gpus": 1}, "requests": {"gpu": 2}}},
        "worker.pool: a pod asks for 2 nvidia.com/gpu, but a node of pool 't4' has 1",
    ),
    (
        ts.PyTorchJob,
        {"worker": {"replicas": 2, "pool": {"name": "t4", "gpus": 1, "max_nodes": 1}}},
        "worker.pool: 2 pods of 1 nvidia.com/gpu, of 1 a node, need 2 nodes, but pool 't4' has at",
    ),
    (
        ts.MPIJob,
        {"worker": {"replicas": 5}},
        f"MPIJob 'mnist': pool: {FIVE}",
    ),
    (
        ts.TFJob,
        {"worker": {"replicas": 5}, "ps": {"replicas": 1}},
        f"TFJob 'mnist': pool: {FIVE}",
    ),
    (
        ts.PyTorchJob,
        {"worker": {"replicas": 1}, "pool": {"name": "cpus", "gpus": 0}, "resources": {"gpu": 1}},
        "pool: a pod asks for 1 nvidia.com/gpu, but a node of pool 'cpus' has 0",
    ),
    (
        ts.ElasticJob,
        {"pool": {"name": "efa", "gpus": 8, "huge_pages": "1Gi"}},
        "pool: a pod gets huge pages of pool 'efa', which Kubernetes allows only beside cpu or mem",
    ),
]


@pytest.mark.parametrize(("component", "said", "message"), TOO_MANY)
def test_a_job_that_does_not_fit_its_pool_is_refused(
    component: type[pulumi.ComponentResource], said: dict[str, Any], message: str
) -> None:
    """By `cpu`, `memory`, `max_nodes` and `arch` of the pool, with its `name` and `machine`."""
    make: Any = component
    with pytest.raises(ts.TrainstackError) as caught:
        synth(lambda: make("mnist", {**LEAST, "pool": POOL, **said}), preview=True)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (ts.ElasticJob, {"nnodes": 4}),
        (ts.ElasticJob, {"nnodes": "1:8", "size": 4}),
        (ts.ElasticJob, {"nnodes": 8, "resources": {"gpu": 4}}),
        (ts.ElasticJob, {"nnodes": 4, "resources": {"cpu": 189, "memory": "1800Gi"}}),
        (ts.ElasticJob, {"nnodes": 100, "resources": {"gpu": 0}}),
        (ts.PyTorchJob, {"worker": {"replicas": 3}}),
        (ts.PyTorchJob, {"worker": {"replicas": 4, "pool": {"name": "more", "gpus": 8}}}),
        (ts.MPIJob, {"worker": {"replicas": 4}}),
        (ts.HorovodJob, {"worker": {"replicas": 8}, "min_np": 1, "size": 4}),
        (ts.TFJob, {"worker": {"replicas": 4}, "ps": {"replicas": 1}}),
        (ts.ElasticJob, {"nnodes": 1000, "pool": {"name": "unknown", "gpus": 8}}),
    ],
)
def test_a_job_that_fits(component: type[pulumi.ComponentResource], said: dict[str, Any]) -> None:
    make: Any = component
    made = synth(lambda: make("mnist", {**LEAST, "pool": POOL, **said}), preview=True)
    assert made.of_type(component.__name__)


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_an_image_for_other_cpus_is_refused(folder: Path, platform: str) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")

    def program() -> None:
        said = {"context": ".", "repository": "registry.example/mnist", "platform": platform}
        image = ts.TrainingImage("image", {**said, "builder": "local"})
        ts.ElasticJob("mnist", {**LEAST, "image": image, "pool": POOL})

    if platform == "linux/amd64":
        assert synth(program).of_type("ElasticJob")
        return
    with pytest.raises(ts.TrainstackError) as caught:
        synth(program)
    assert str(caught.value) == (
        f"ElasticJob 'mnist': pool: the nodes of {NODE} are amd64, but the image is built for "
        "arm64; give its TrainingImage platform='linux/amd64'"
    )


WAYS: list[Callable[[], Any]] = [
    lambda: POOL,
    lambda: ts.PoolProfile(**POOL),
    lambda: SimpleNamespace(profile=ts.PoolProfile(**POOL)),
    lambda: json.loads(json.dumps(ts.PoolProfile(**POOL).to_dict())),
]


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_say_a_pool(way: Callable[[], Any]) -> None:
    made = synth(lambda: ts.ElasticJob("mnist", {**LEAST, "pool": way()}))
    assert made.one("ElasticJob").inputs["pool"] == {**POOL, "cpu": "190"}


def test_a_pool_that_is_an_output_is_refused_with_what_to_do() -> None:
    def program() -> None:
        pool = pulumi.Output.from_input(POOL)
        ts.ElasticJob("mnist", {**LEAST, "pool": pool})

    with pytest.raises(ts.TrainstackError) as caught:
        synth(program)
    assert str(caught.value) == (
        "ElasticJob 'mnist': pool: an Output is not allowed here; give a PoolProfile, or the plain "
        "dict that `pulumi stack output --json` prints of another stack"
    )


def test_an_exported_pool_may_be_taken_in_an_apply() -> None:
    """What another stack exports is known in preview."""

    def program() -> None:
        exported = pulumi.Output.from_input(ts.PoolProfile(**POOL).to_dict())
        exported.apply(lambda pool: ts.ElasticJob("mnist", {**LEAST, "pool": pool}))

    made = synth(program, preview=True)
    assert made.one("ElasticJob").inputs["gpus"] == 8
