"""`BandwidthTest`: the job that it becomes, what it gives, and what it refuses."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.pools import KARPENTER
from trainstack.nodes.bandwidth_args import BandwidthTestArgs
from trainstack.nodes.bandwidth_render import render_bandwidth_job
from trainstack.spec.model import parse
from trainstack.testing import Synthesis, synth

COMPONENT = "trainstack:index:BandwidthTest"
JOB = "trainstack:index:ElasticJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
BATCH_JOB = "kubernetes:batch/v1:Job"
PYTORCHJOB = "kubernetes:kubeflow.org/v1:PyTorchJob"
WAIT = "pulumi-python:dynamic:Resource"
IMAGE = "registry.example/train:1"
H100 = ts.ExistingPool(name="h100", machine="p5.48xlarge", max_nodes=4).profile
SIZES = {"1Mi": 2**20, "16Mi": 2**24, "256Mi": 2**28}


def job(**said: Any) -> dict[str, Any]:
    args = parse(BandwidthTestArgs, {"image": IMAGE, **said}, "BandwidthTest 'links'")
    return render_bandwidth_job(args)


def made(**said: Any) -> Synthesis:
    """In preview, as only the cluster can measure anything."""
    return synth(lambda: ts.BandwidthTest("links", {"image": IMAGE, **said}), preview=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {},
            {
                "image": IMAGE,
                "max_restarts": 0,
                "nnodes": 2,
                "nproc_per_node": 1,
                "program": {
                    "function": "trainstack_runtime.bandwidth:all_reduce",
                    "inputs": {"backend": "gloo", "iterations": 20, "sizes": SIZES},
                },
                "run_policy": {"active_deadline_seconds": 3600},
                "wait": "finished",
            },
        ),
        (
            {
                "pool": H100,
                "nodes": 4,
                "sizes": ["1Gi", "64k"],
                "iterations": 5,
                "min_bus_bandwidth": 300,
                "attempt": 2,
                "gang": {"scheduler": "volcano"},
                "namespace": "lab",
                "timeout": 900,
                "active_deadline_seconds": 600,
                "resources": {"cpu": 8, "memory": "32Gi"},
            },
            {
                "attempt": 2,
                "gang": ts.Gang(scheduler="volcano"),
                "image": IMAGE,
                "max_restarts": 0,
                "namespace": "lab",
                "nnodes": 4,
                "nproc_per_node": 8,
                "pool": H100,
                "program": {
                    "function": "trainstack_runtime.bandwidth:all_reduce",
                    "inputs": {
                        "backend": "nccl",
                        "iterations": 5,
                        "least": 300.0,
                        "sizes": {"1Gi": 2**30, "64k": 64_000},
                    },
                },
                "resources": ts.Resources(cpu="8", memory="32Gi"),
                "run_policy": {"active_deadline_seconds": 600},
                "timeout": 900,
                "wait": "finished",
            },
        ),
    ],
    ids=["least", "a pool with GPUs"],
)
def test_the_job(said: dict[str, Any], expected: dict[str, Any]) -> None:
    assert job(**said) == expected


@pytest.mark.parametrize(
    ("said", "ranks", "backend"),
    [
        ({"pool": H100}, 8, "nccl"),
        ({"pool": H100, "resources": {"gpu": 2}}, 2, "nccl"),
        ({"pool": H100, "resources": {"gpu": 0}}, 1, "gloo"),
        ({"pool": H100, "nproc_per_node": 4}, 4, "nccl"),
        ({"resources": {"gpu": 1}}, 1, "nccl"),
        ({"nproc_per_node": 4, "nodes": 1}, 4, "gloo"),
    ],
)
def test_ranks_have_a_gpu_each_where_there_are_some(
    said: dict[str, Any], ranks: int, backend: str
) -> None:
    found = job(**said)
    assert found["nproc_per_node"] == ranks
    assert found["program"]["inputs"]["backend"] == backend


def test_all_that_it_registers() -> None:
    found = made(pool=H100, resources={"cpu": 8})
    assert [(one.type, one.name, one.parent) for one in found.registrations] == [
        (COMPONENT, "links", ""),
        (JOB, "links", "links"),
        (CONFIG_MAP, "links-program", "links"),
        (PYTORCHJOB, "links", "links"),
        (WAIT, "links-wait", "links"),
    ]
    assert found.one(COMPONENT).inputs == {
        "image": IMAGE,
        "nodes": 2,
        "nproc_per_node": 8,
        "pool": "h100",
        "sizes": ["1Mi", "16Mi", "256Mi"],
    }
    roles = found.one(PYTORCHJOB).inputs["spec"]["pytorchReplicaSpecs"]
    (container,) = roles["Worker"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
    assert container["resources"]["limits"]["vpc.amazonaws.com/efa"] == "32"


class Finished(pulumi.ComponentResource):
    """In place of the job: one that has ended, with numbers as providers send them."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Finished", name, args, opts)
        measured = {"1Mi": 12.5, "16Mi": 310.0, "256Mi": 398.25}
        found = {"backend": "nccl", "bus_bandwidth": measured, "ranks": 16.0}
        self.result = pulumi.Output.from_input(found)


def test_what_it_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainstack.nodes.bandwidth.ElasticJob", Finished)

    def program() -> None:
        test = ts.BandwidthTest("links", {"image": IMAGE})
        for name in ("backend", "best", "bus_bandwidth", "ranks", "worst"):
            pulumi.export(name, getattr(test, name))
        pulumi.export("twice", test.ranks.apply(lambda ranks: ranks * [1]))

    found = synth(program).outputs
    assert len(found.pop("twice")) == 16
    assert found == {
        "backend": "nccl",
        "best": 398.25,
        "bus_bandwidth": {"1Mi": 12.5, "16Mi": 310.0, "256Mi": 398.25},
        "ranks": 16,
        "worst": 12.5,
    }


@pytest.mark.parametrize("changes", [{"sizes": ["1Mi"]}, {"attempt": 2}, {"iterations": 3}])
def test_what_changes_it_is_another_run(changes: dict[str, Any]) -> None:
    assert made().one(JOB).inputs["version"] != made(**changes).one(JOB).inputs["version"]


def waits_for(found: Synthesis, type_: str) -> set[str]:
    """Names of what the object of a type waits for."""
    return {one.rpartition("::")[2] for one in found.one(type_).options["dependencies"]}


def test_a_job_that_depends_on_it_waits_for_its_end() -> None:
    def program() -> None:
        test = ts.BandwidthTest("links", {"image": IMAGE})
        said = {"image": IMAGE, "program": {"module": "llm"}, "master": {}}
        ts.PyTorchJob("llm", said, pulumi.ResourceOptions(depends_on=[test]))

    found = synth(program, preview=True)
    assert "links-wait" in waits_for(found, "trainstack:index:PyTorchJob")


def test_a_job_that_takes_it_as_its_pool_runs_there_and_waits_for_its_end() -> None:
    said = {"image": IMAGE, "resources": {"cpu": 8}, "program": {"module": "llm"}}

    def program() -> None:
        said_of_test = {"image": IMAGE, "resources": {"cpu": 8}, "pool": H100}
        ts.ElasticJob("llm", {**said, "pool": ts.BandwidthTest("links", said_of_test)})

    found = synth(program, preview=True)
    assert "links-wait" in waits_for(found, BATCH_JOB)
    alone = synth(lambda: ts.ElasticJob("llm", {**said, "pool": H100}), preview=True)
    assert found.one(BATCH_JOB).inputs == alone.one(BATCH_JOB).inputs


def test_it_waits_for_the_pool_that_it_tests() -> None:
    def program() -> None:
        pool = ts.KarpenterGpuNodePool("h100", KARPENTER)
        ts.BandwidthTest("links", {"image": IMAGE, "resources": {"cpu": 8}, "pool": pool})

    assert "h100" in waits_for(synth(program, preview=True), PYTORCHJOB)


def test_without_a_pool_it_is_none() -> None:
    def program() -> None:
        said = {"image": IMAGE, "program": {"module": "llm"}}
        ts.ElasticJob("llm", {**said, "pool": ts.BandwidthTest("links", {"image": IMAGE})})

    with pytest.raises(ts.TrainstackError, match=r"'llm': pool: got .*: must be a PoolProfile"):
        synth(program, preview=True)


def test_it_is_on_the_cluster_that_it_names() -> None:
    found = made(cluster=ts.Cluster(context="lab"))
    assert "::cluster-lab::" in found.one(PYTORCHJOB).options["provider"]
    assert found.one(WAIT).inputs["context"] == "lab"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"image": None}, "image: got None"),
        ({"nodes": 1}, "nodes: got 1 with one rank: nothing is sent; say more nodes, or nproc_pe"),
        ({"nodes": 0}, "nodes: got 0: must be greater than or equal to 1"),
        ({"nodes": "2:4"}, "nodes: got '2:4': must be a whole number"),
        ({"nnodes": 2}, "nnodes: unknown field; say nodes"),
        ({"sizes": []}, "sizes: got []: name at least one"),
        ({"sizes": ["1Mi", 2**20]}, "sizes: got '1048576': is the same as '1Mi'"),
        ({"sizes": [10]}, "sizes: got '10': must be a multiple of 4 bytes"),
        ({"sizes": ["lots"]}, "sizes[0]: got 'lots': must be a number with an optional suffix"),
        ({"iterations": 0}, "iterations: got 0: must be greater than or equal to 1"),
        ({"min_bus_bandwidth": 0}, "min_bus_bandwidth: got 0: must be greater than 0"),
        (
            {"pool": H100, "nproc_per_node": 16},
            "nproc_per_node: got 16, but a pod has 8 GPUs, and each rank needs its own",
        ),
        ({"operator": "training"}, "operator: got 'training': must be an operator component or an"),
        (
            {"pool": H100, "nodes": 5, "resources": {"cpu": 8}},
            "pool: 5 pods of 8 nvidia.com/gpu, of 8 a node, need 5 nodes, but pool 'h100'",
        ),
    ],
)
def test_mistakes(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        made(**said)
    assert message in str(caught.value)
