"""Pools of Karpenter under Karpenter's own controller, on nodes that are only objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

import trainstack as ts
from devcluster.toolchain import ensure
from devcluster.toolchain.table import select
from tests.support.bare_cluster import BareCluster, bare_cluster, succeeding
from tests.support.karpenter_kwok import CLASS, start_karpenter
from tests.support.pools import KARPENTER, changed
from trainstack.testing import synth

POOL = changed(KARPENTER, machine="p5.48xlarge", max_nodes=4, remove_empty_after="5s")
RUN = "trainstack.dev/run"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareCluster]:
    """With the pool, and without a node."""
    tools = ensure([*(tool.name for tool in select()), "kwok", "karpenter"])
    with bare_cluster(tools, tmp_path_factory.mktemp("karpenter")) as cluster:
        start_karpenter(cluster)
        pool = manifests()["h100"]
        pool["spec"]["template"]["spec"]["nodeClassRef"] = CLASS
        client.CustomObjectsApi(api_of(cluster)).create_cluster_custom_object(
            "karpenter.sh", "v1", "nodepools", pool
        )
        yield cluster


@pytest.fixture(scope="module")
def core(cluster: BareCluster) -> client.CoreV1Api:
    return client.CoreV1Api(api_of(cluster))


def api_of(cluster: BareCluster) -> client.ApiClient:
    return config.new_client_from_config(str(cluster.api.kubeconfig))


def manifests(*names: str) -> dict[str, dict[str, Any]]:
    """A pool's NodePool, and jobs that each take one of its nodes."""

    def program() -> None:
        pool = ts.KarpenterGpuNodePool("h100", POOL)
        for name in names:
            said = {
                "image": "registry.example/llm:1.0",
                "program": {"module": "llm.train"},
                "nproc_per_node": "gpu",
                "resources": {"cpu": 96, "memory": "1Ti"},
                "pool": pool,
            }
            ts.ElasticJob(name, said)

    found = synth(program).registrations
    return {
        one.name: one.inputs
        for one in found
        if one.type in ("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:batch/v1:Job")
    }


def start(cluster: BareCluster, job: dict[str, Any]) -> None:
    client.BatchV1Api(api_of(cluster)).create_namespaced_job("default", job)


def nodes(core: client.CoreV1Api) -> list[Any]:
    return list(core.list_node().items)


def running(core: client.CoreV1Api) -> int:
    found = core.list_namespaced_pod("default").items
    return sum(pod.status.phase == "Running" for pod in found)


def test_nodes_come_for_pods_of_jobs_and_go_when_the_jobs_have_ended(
    cluster: BareCluster, core: client.CoreV1Api
) -> None:
    jobs = manifests("first", "second")
    assert nodes(core) == []
    for name in ("first", "second"):
        start(cluster, jobs[name])
    cluster.wait(lambda: running(core) == 2, "both pods running")
    assert [
        (
            node.metadata.labels["node.kubernetes.io/instance-type"],
            node.metadata.labels["trainstack.dev/pool"],
            node.status.allocatable["nvidia.com/gpu"],
            node.status.allocatable["vpc.amazonaws.com/efa"],
        )
        for node in nodes(core)
    ] == [("p5.48xlarge", "h100", "8", "32")] * 2
    cluster.play(succeeding(RUN, ["first"]))
    cluster.wait(lambda: len(nodes(core)) == 1, "the node of the first job gone")
    assert running(core) == 1
    cluster.play(succeeding(RUN, ["second"]))
    cluster.wait(lambda: nodes(core) == [], "all nodes gone")


def test_a_pod_that_asks_for_huge_pages_brings_no_node(
    cluster: BareCluster, core: client.CoreV1Api
) -> None:
    """Which is why the profile of such a pool has none."""
    job = manifests("paged")["paged"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    for amounts in container["resources"].values():
        amounts["hugepages-2Mi"] = "5120Mi"
    start(cluster, job)

    def refused() -> bool:
        said = core.list_namespaced_event("default", field_selector="reason=FailedScheduling")
        return any(
            event.source.component == "karpenter" and "hugepages-2Mi" in event.message
            for event in said.items
        )

    cluster.wait(refused, "Karpenter's word that no machine has huge pages")
    assert nodes(core) == []
