"""A job that takes a pool which the program makes waits for it, and keeps it until it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from tests.support.pools import AKS, EKS, GKE, KARPENTER
from trainstack.nodepools.pool import GpuNodePool
from trainstack.testing import synth

POOLS: dict[str, tuple[Callable[[], GpuNodePool], set[str]]] = {
    "EKS": (
        lambda: ts.EksGpuNodePool("gpus", EKS),
        {"LaunchTemplate::gpus", "NodeGroup::gpus"},
    ),
    "GKE": (lambda: ts.GkeGpuNodePool("gpus", GKE), {"NodePool::gpus"}),
    "AKS": (lambda: ts.AksGpuNodePool("gpus", AKS), {"AgentPool::gpus"}),
    "Karpenter": (
        lambda: ts.KarpenterGpuNodePool("gpus", KARPENTER),
        {"EC2NodeClass::gpus-class", "NodePool::gpus"},
    ),
}
AMOUNTS = {"cpu": 8, "memory": "32Gi"}


def dependencies(said: Callable[[], dict[str, Any]]) -> set[str]:
    """What the object of a PyTorchJob depends on, as `<kind>::<name>`."""

    def program() -> None:
        ts.PyTorchJob("mnist", {**LEAST, "resources": AMOUNTS, **said()})

    job = synth(program).one("kubernetes:kubeflow.org/v1:PyTorchJob")
    urns: list[str] = job.options.get("dependencies", [])
    return {urn[urn.rindex(":", 0, urn.rindex("::")) + 1 :] for urn in urns}


@pytest.mark.parametrize("cloud", POOLS)
def test_it_depends_on_the_pool(cloud: str) -> None:
    make, nodes = POOLS[cloud]
    assert nodes <= dependencies(lambda: {"pool": make()})


def test_a_role_depends_on_its_pool() -> None:
    make, nodes = POOLS["GKE"]
    assert dependencies(lambda: {"worker": {"replicas": 1, "pool": make()}}) == nodes


@pytest.mark.parametrize(
    "plain",
    [
        lambda pool: pool.profile,
        lambda pool: pool.profile.to_dict(),
        lambda _: ts.ExistingPool(name="gpus", gpus=8),
    ],
)
def test_it_does_not_depend_on_what_a_pool_only_says(plain: Callable[[GpuNodePool], Any]) -> None:
    make, _ = POOLS["GKE"]
    assert dependencies(lambda: {"pool": plain(make())}) == set()


def test_a_pool_and_its_profile_make_the_same_run() -> None:
    def program() -> None:
        pool = ts.GkeGpuNodePool("gpus", GKE)
        for name, one in (("live", pool), ("plain", pool.profile)):
            ts.PyTorchJob(name, {**LEAST, "resources": AMOUNTS, "pool": one})

    live, plain = synth(program).of_type("trainstack:index:PyTorchJob")
    assert live.inputs["version"] == plain.inputs["version"]
