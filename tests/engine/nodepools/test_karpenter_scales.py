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
    """Without a node."""
    tools = ensure([*(tool.name for tool in select()), "kwok", "karpenter"])
    with bare_cluster(tools, tmp_path_factory.mktemp("karpenter")) as cluster:
        start_karpenter(cluster)
        yield cluster


@pytest.fixture(scope="module")
def api(cluster: BareCluster) -> client.ApiClient:
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


def nodes(api: client.ApiClient) -> list[Any]:
    return list(client.CoreV1Api(api).list_node().items)


def running(api: client.ApiClient) -> int:
    found = client.CoreV1Api(api).list_namespaced_pod("default").items
    return sum(pod.status.phase == "Running" for pod in found)


def test_nodes_come_for_pods_of_jobs_and_go_when_the_jobs_have_ended(
    cluster: BareCluster, api: client.ApiClient
) -> None:
    found = manifests("first", "second")
    pool, jobs = found.pop("h100"), list(found.values())
    pool["spec"]["template"]["spec"]["nodeClassRef"] = CLASS
    client.CustomObjectsApi(api).create_cluster_custom_object(
        "karpenter.sh", "v1", "nodepools", pool
    )
    assert nodes(api) == []
    for job in jobs:
        client.BatchV1Api(api).create_namespaced_job("default", job)
    cluster.wait(lambda: running(api) == len(jobs), "all pods running")
    made = [(node.metadata.labels, node.status.allocatable) for node in nodes(api)]
    assert [
        (
            labels["node.kubernetes.io/instance-type"],
            labels["trainstack.dev/pool"],
            amounts["nvidia.com/gpu"],
            amounts["vpc.amazonaws.com/efa"],
        )
        for labels, amounts in made
    ] == [("p5.48xlarge", "h100", "8", "32")] * len(jobs)
    cluster.play(succeeding(RUN, ["first"]))
    cluster.wait(lambda: len(nodes(api)) == 1, "the node of the first job gone")
    assert running(api) == 1
    cluster.play(succeeding(RUN, ["second"]))
    cluster.wait(lambda: nodes(api) == [], "all nodes gone")
