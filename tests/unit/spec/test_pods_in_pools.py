"""What pods get from their pool, and what of it goes to which pods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.jobs import (
    changed,
    container,
    elastic,
    env,
    horovod,
    mpi,
    pod,
    pytorch,
    tensorflow,
)
from trainstack import PoolProfile, TrainstackError
from trainstack.spec.overlay import laid_over
from trainstack.spec.toleration import Toleration

POOL = PoolProfile(
    name="h100",
    machine="p5.48xlarge",
    gpus=8,
    max_nodes=16,
    node_selector={"node.kubernetes.io/instance-type": "p5.48xlarge"},
    tolerations=[Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")],
    annotations={"karpenter.sh/do-not-disrupt": "true"},
    grace_seconds=120,
    env={"NCCL_DEBUG": "WARN"},
    topology_key="topology.kubernetes.io/zone",
    devices={"vpc.amazonaws.com/efa": 32},
    huge_pages="5120Mi",
    network_annotations={"networking.example/interfaces": "8"},
)
EVERY_POD: dict[str, Any] = {
    "metadata": {"annotations": {"karpenter.sh/do-not-disrupt": "true"}},
    "spec": {
        "nodeSelector": {"node.kubernetes.io/instance-type": "p5.48xlarge"},
        "terminationGracePeriodSeconds": 120,
        "tolerations": [{"effect": "NoSchedule", "key": "nvidia.com/gpu", "operator": "Exists"}],
    },
}
GPU_POD: dict[str, Any] = {
    "spec": {
        "affinity": {
            "podAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "podAffinityTerm": {
                            "labelSelector": {
                                "matchLabels": {
                                    "trainstack.dev/run": "mnist",
                                    "trainstack.dev/stack": "shop.dev",
                                    "trainstack.dev/version": "0a1b2c3d",
                                }
                            },
                            "topologyKey": "topology.kubernetes.io/zone",
                        },
                        "weight": 100,
                    }
                ]
            }
        }
    }
}
WHOLE_NODE = {
    "hugepages-2Mi": "5120Mi",
    "nvidia.com/gpu": "8",
    "vpc.amazonaws.com/efa": "32",
}


def in_pool(template: dict[str, Any]) -> dict[str, Any]:
    """A pod template without a pool, as it is in `POOL`."""
    found: dict[str, Any] = laid_over(template, EVERY_POD)
    for variable in found["spec"]["containers"][0]["env"]:
        if variable["name"] == "TRAINSTACK_GRACE_SECONDS":
            variable["value"] = "120"
    return found


def with_gpus(template: dict[str, Any], more: dict[str, str]) -> dict[str, Any]:
    """A template in the pool, as it is with GPUs."""
    found: dict[str, Any] = laid_over(template, GPU_POD)
    first = found["spec"]["containers"][0]
    first["env"] = sorted(
        [*first["env"], {"name": "NCCL_DEBUG", "value": "WARN"}], key=lambda item: item["name"]
    )
    asked = first.get("resources", {})
    first["resources"] = {kind: asked.get(kind, {}) | more for kind in ("limits", "requests")}
    return found


NETWORK = {"metadata": {"annotations": {"networking.example/interfaces": "8"}}}
AMOUNTS = {"cpu": "96", "memory": "1Ti"}


def test_a_job_of_whole_nodes() -> None:
    said: dict[str, Any] = {"nnodes": 4, "resources": AMOUNTS}
    plain = elastic(**said)
    master, worker = (
        plain["spec"]["pytorchReplicaSpecs"][role]["template"] for role in ("Master", "Worker")
    )
    assert elastic(**said, pool=POOL) == changed(
        plain,
        {
            "spec/pytorchReplicaSpecs/Master/template": in_pool(master),
            "spec/pytorchReplicaSpecs/Worker/template": laid_over(
                with_gpus(in_pool(worker), WHOLE_NODE), NETWORK
            ),
        },
    )


def test_a_pod_with_some_of_a_nodes_gpus_gets_none_of_its_cards() -> None:
    plain = elastic(resources=AMOUNTS)
    template = in_pool(plain["spec"]["template"])
    assert elastic(resources={**AMOUNTS, "gpu": 4}, pool=POOL) == changed(
        plain, {"spec/template": with_gpus(template, {"nvidia.com/gpu": "4"})}
    )


def test_a_pod_that_wants_no_gpu_gets_a_place_only() -> None:
    plain = elastic(resources=AMOUNTS)
    assert elastic(resources={**AMOUNTS, "gpu": 0}, pool=POOL) == changed(
        plain, {"spec/template": in_pool(plain["spec"]["template"])}
    )


def test_a_launcher_gets_nothing_of_the_gpus() -> None:
    """None of `gpus`, `gpu_resource`, `devices`, `huge_pages`, `env`, cards by
    `network_annotations`, and no `topology_key`: it has a place in the pool only.
    """
    for made in (mpi, horovod):
        said: dict[str, Any] = {"worker": {"replicas": 2}, "resources": AMOUNTS}
        plain, found = made(**said), made(**said, pool=POOL)
        launcher, worker = (
            plain["spec"]["mpiReplicaSpecs"][role]["template"] for role in ("Launcher", "Worker")
        )
        assert found == changed(
            plain,
            {
                "spec/mpiReplicaSpecs/Launcher/template": in_pool(launcher),
                "spec/mpiReplicaSpecs/Worker/template": laid_over(
                    with_gpus(in_pool(worker), WHOLE_NODE), NETWORK
                ),
            },
        )


def gpus_by_role(manifest: dict[str, Any]) -> dict[str, str | None]:
    specs = next(specs for name, specs in manifest["spec"].items() if name.endswith("Specs"))
    return {
        role: container(manifest, role).get("resources", {}).get("limits", {}).get("nvidia.com/gpu")
        for role in specs
    }


@pytest.mark.parametrize(
    ("manifest", "gpus"),
    [
        (pytorch(worker={"replicas": 1}, pool=POOL), {"Master": "8", "Worker": "8"}),
        (
            pytorch(
                worker={"replicas": 1, "pool": {"name": "a10g", "gpus": 4}},
                master={"requests": {"gpu": 1}},
                pool=POOL,
            ),
            {"Master": "1", "Worker": "4"},
        ),
        (
            pytorch(worker={"replicas": 1, "pool": {"name": "cpus", "gpus": 0}}, pool=POOL),
            {"Master": "8", "Worker": None},
        ),
        (pytorch(worker={"replicas": 1, "pool": POOL}), {"Master": None, "Worker": "8"}),
        (tensorflow(pool=POOL), {"Worker": "8"}),
        (tensorflow(chief={"replicas": 1}, pool=POOL), {"Chief": "8", "Worker": "8"}),
        (
            tensorflow(ps={"replicas": 1}, evaluator={"replicas": 1}, pool=POOL),
            {"Chief": None, "Evaluator": None, "PS": None, "Worker": "8"},
        ),
        (
            tensorflow(ps={"replicas": 1}, evaluator={"requests": {"gpu": 1}, "replicas": 1}),
            {"Chief": None, "Evaluator": "1", "PS": None, "Worker": None},
        ),
        (elastic(nnodes=2, pool=POOL), {"Master": None, "Worker": "8"}),
    ],
)
def test_gpus_go_to_the_roles_that_train(
    manifest: dict[str, Any], gpus: dict[str, str | None]
) -> None:
    assert gpus_by_role(manifest) == gpus


MIG = {"name": "mig", "gpus": 7, "gpu_resource": "nvidia.com/mig-1g.10gb"}


@pytest.mark.parametrize(
    ("resources", "asked"),
    [
        (None, {"nvidia.com/mig-1g.10gb": "7"}),
        ({"gpu": 2}, {"nvidia.com/mig-1g.10gb": "2"}),
        ({"devices": {"nvidia.com/mig-1g.10gb": 3}}, {"nvidia.com/mig-1g.10gb": "3"}),
        ({"gpu": 0}, None),
    ],
)
def test_gpus_are_asked_for_as_the_pool_calls_them(resources: Any, asked: Any) -> None:
    found = container(elastic(resources=resources, pool=MIG)).get("resources")
    assert found == (asked and {"limits": asked, "requests": asked})


def test_what_the_job_says_comes_before_its_pool() -> None:
    efa = "vpc.amazonaws.com/efa"
    manifest = elastic(
        pool=POOL,
        env={"NCCL_DEBUG": "INFO"},
        resources={**AMOUNTS, "devices": {efa: 0}},
        pod_overlay={
            "spec": {
                "nodeSelector": {"node.kubernetes.io/instance-type": "p5e.48xlarge"},
                "terminationGracePeriodSeconds": 600,
                "tolerations": [{"operator": "Exists"}],
            }
        },
    )
    spec = pod(manifest)
    assert env(manifest)["NCCL_DEBUG"] == "INFO"
    assert efa not in container(manifest)["resources"]["limits"]
    assert spec["nodeSelector"] == {"node.kubernetes.io/instance-type": "p5e.48xlarge"}
    assert spec["terminationGracePeriodSeconds"] == 600
    assert spec["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize(
    ("said", "pool", "memory"),
    [
        ({}, {}, {"medium": "Memory"}),
        ({}, {"shared_memory": "256Gi"}, {"medium": "Memory", "sizeLimit": "256Gi"}),
        (
            {"shared_memory": "8Gi"},
            {"shared_memory": "256Gi"},
            {"medium": "Memory", "sizeLimit": "8Gi"},
        ),
    ],
)
def test_the_size_of_shared_memory(
    said: dict[str, Any], pool: dict[str, Any], memory: dict[str, str]
) -> None:
    for manifest, role in (
        (elastic(pool={"name": "a", "gpus": 8, **pool}, **said), None),
        (mpi(pool={"name": "a", "gpus": 8, **pool}, **said), "Worker"),
    ):
        volumes = pod(manifest, role)["volumes"]
        assert volumes == [{"name": "trainstack-shm", "emptyDir": memory}]


def test_no_shared_memory_of_a_pool_for_a_job_that_wants_none() -> None:
    pool = {"name": "a", "gpus": 8, "shared_memory": "256Gi"}
    assert "volumes" not in pod(elastic(pool=pool, shared_memory=False))


def overlaid(grace: int) -> dict[str, Any]:
    return {"spec": {"terminationGracePeriodSeconds": grace}}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, 30),
        ({"pool": {"name": "a", "gpus": 8, "grace_seconds": 120}}, 120),
        ({"save_seconds": 300}, 305),
        ({"save_seconds": 10}, 30),
        ({"save_seconds": 300, "pool": {"name": "a", "gpus": 8, "grace_seconds": 120}}, 305),
        ({"save_seconds": 60, "pool": {"name": "a", "gpus": 8, "grace_seconds": 120}}, 120),
        ({"save_seconds": 300, "pod_overlay": overlaid(305)}, 305),
        ({"save_seconds": 300, "pod_overlay": overlaid(600)}, 600),
    ],
)
def test_a_pod_has_the_time_that_saving_takes(said: dict[str, Any], seconds: int) -> None:
    """In all roles, and the launch runtime is told."""
    saving = said.pop("save_seconds", None)
    checkpoint = {"url": "s3://runs", "save_seconds": saving}
    for manifest, roles in (
        (elastic(checkpoint=checkpoint, **said), [None]),
        (mpi(checkpoint=checkpoint, **said), ["Launcher", "Worker"]),
    ):
        for role in roles:
            assert pod(manifest, role)["terminationGracePeriodSeconds"] == seconds
            assert env(manifest, role)["TRAINSTACK_GRACE_SECONDS"] == str(seconds)


@pytest.mark.parametrize(
    "said", [{"pod_overlay": overlaid(304)}, {"worker": {"pod_overlay": overlaid(304)}}]
)
def test_an_overlay_that_leaves_no_time_to_save_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(TrainstackError) as caught:
        mpi(checkpoint={"url": "s3://runs", "save_seconds": 300}, **said)
    assert str(caught.value) == (
        "MPIJob 'mnist': pod_overlay.spec.terminationGracePeriodSeconds: got 304: must be 305 or "
        "more, as saving takes checkpoint.save_seconds and ending 5 more"
    )


@pytest.mark.parametrize(
    ("said", "ranks"),
    [
        ({"pool": POOL}, "8"),
        ({"pool": POOL, "resources": {"gpu": 2}}, "2"),
        ({"resources": {"gpu": 4}}, "4"),
    ],
)
def test_a_rank_a_gpu(said: dict[str, Any], ranks: str) -> None:
    one = elastic(nproc_per_node="gpu", **said)
    several = elastic(nproc_per_node="gpu", nnodes=2, **said)
    assert env(one)["PET_NPROC_PER_NODE"] == ranks
    assert several["spec"]["nprocPerNode"] == ranks


def test_a_rank_a_gpu_without_gpus() -> None:
    with pytest.raises(TrainstackError, match="nproc_per_node: got 'gpu', but its pods ask for no"):
        elastic(nproc_per_node="gpu")


@given(
    st.builds(
        dict,
        name=st.just("a"),
        gpus=st.integers(1, 16),
        cpu=st.none() | st.integers(1, 256),
        price_per_hour=st.none() | st.integers(0, 100) | st.floats(0, 1000),
        max_nodes=st.none() | st.integers(1, 100),
        env=st.dictionaries(st.sampled_from(["A", "B"]), st.integers(0, 9)),
        tolerations=st.lists(st.just({"operator": "Exists"}), max_size=2),
        devices=st.dictionaries(st.just("rdma/hca"), st.integers(0, 8)),
    )
)
def test_a_profile_is_the_same_after_it_was_exported(said: dict[str, Any]) -> None:
    """Numbers come back from a stack as floats."""

    def floats(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: floats(item) for key, item in value.items()}
        if isinstance(value, list):
            return [floats(item) for item in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    pool = PoolProfile(**said)
    assert PoolProfile(**floats(pool.to_dict())) == pool


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"gpus": 8}, "PoolProfile: name: required, but not given"),
        ({"name": "a"}, "PoolProfile: gpus: required, but not given"),
        ({"name": "A", "gpus": 8}, "name: got 'A': must be lower-case letters"),
        ({"name": "a", "gpus": -1}, "gpus: got -1: must be greater than or equal to 0"),
        ({"name": "a", "gpus": "8"}, "gpus: got '8': must be a whole number"),
        ({"name": "a", "gpus": 8, "arch": "x86_64"}, "arch: got 'x86_64': must be 'amd64' or 'arm"),
        ({"name": "a", "gpus": 8, "max_nodes": 0}, "max_nodes: got 0: must be greater than or eq"),
        ({"name": "a", "gpus": 8, "price_per_hour": -1}, "price_per_hour: got -1: must be greater"),
        ({"name": "a", "gpus": 8, "cpus": 8}, "cpus: unknown field; did you mean 'cpu'? allowed"),
        (
            {"name": "a", "gpus": 8, "env": {"RANK": 1}},
            "env.RANK: got 'RANK': set by the operator or",
        ),
        ({"name": "a", "gpus": 8, "env": {"A": True}}, "env.A: got True: write 'true' or 'false'"),
        (
            {"name": "a", "gpus": 8, "devices": {"efa": 1}},
            "devices.efa: got 'efa': must be a resource name with a DNS prefix",
        ),
        ({"name": "a", "gpus": 8, "tolerations": [{}]}, "tolerations[0]: without key, operator"),
        ({"name": "a", "gpus": 0, "env": {"A": "1"}}, "env: has no effect, as gpus is 0"),
        ({"name": "a", "gpus": 0, "price_per_hour": 1}, "price_per_hour: has no effect, as gpus"),
    ],
)
def test_a_wrong_profile(said: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        PoolProfile(**said)
    assert message in str(caught.value)
