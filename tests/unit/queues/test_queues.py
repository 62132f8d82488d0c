"""Queues: whole objects, offline checks, and what is registered for them and for their jobs."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from trainstack import ElasticJob, PoolProfile, Queue, QueueArgs, TrainstackError
from trainstack.queues.render import render_queue
from trainstack.spec.model import parse
from trainstack.testing import Synthesis, synth

API = "kueue.x-k8s.io/v1beta1"
LABELS = {"app.kubernetes.io/managed-by": "trainstack"}
QUOTA = {"cpu": 96, "memory": "1024Gi", "gpu": 8}
CPU: dict[str, Any] = {
    "name": "cpu",
    "node_selector": {"pool": "cpu"},
    "quota": {"cpu": "0.5", "mem": "8Gi"},
}
A100: dict[str, Any] = {
    "name": "a100",
    "node_selector": {"gpu": "a100"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    "quota": {**QUOTA, "devices": {"rdma/hca": 4}},
}
JOB = {"image": "registry.example/digits:1", "program": {"module": "digits.train"}}


def render(**said: Any) -> dict[str, dict[str, Any]]:
    return render_queue(parse(QueueArgs, said, "Queue 'gpus'"), "gpus")


def made(api_kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    metadata = {"labels": LABELS, "name": name, **metadata}
    return {"apiVersion": API, "kind": api_kind, "metadata": metadata, "spec": spec}


def test_the_least() -> None:
    quotas = [
        {"name": "cpu", "nominalQuota": "96"},
        {"name": "memory", "nominalQuota": "1Ti"},
        {"name": "nvidia.com/gpu", "nominalQuota": "8"},
    ]
    assert render(pools=[{"name": "any", "quota": QUOTA}]) == {
        "any-flavor": made("ResourceFlavor", "gpus-any", {}),
        "cluster-queue": made(
            "ClusterQueue",
            "gpus",
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {
                            "key": "kubernetes.io/metadata.name",
                            "operator": "In",
                            "values": ["default"],
                        }
                    ]
                },
                "preemption": {"reclaimWithinCohort": "Never", "withinClusterQueue": "Never"},
                "queueingStrategy": "BestEffortFIFO",
                "resourceGroups": [
                    {
                        "coveredResources": ["cpu", "memory", "nvidia.com/gpu"],
                        "flavors": [{"name": "gpus-any", "resources": quotas}],
                    }
                ],
                "stopPolicy": "None",
            },
            annotations={"pulumi.com/waitFor": "condition=Active"},
        ),
        "default-queue": made("LocalQueue", "gpus", {"clusterQueue": "gpus"}, namespace="default"),
    }


def test_pools_are_flavors_of_one_group_in_their_order() -> None:
    found = render(pools=[CPU, A100])
    assert found["cpu-flavor"]["spec"] == {"nodeLabels": {"pool": "cpu"}}
    assert found["a100-flavor"]["spec"] == {
        "nodeLabels": {"gpu": "a100"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    (group,) = found["cluster-queue"]["spec"]["resourceGroups"]
    assert group["coveredResources"] == ["cpu", "memory", "nvidia.com/gpu", "rdma/hca"]
    assert [
        (flavor["name"], [quota["nominalQuota"] for quota in flavor["resources"]])
        for flavor in group["flavors"]
    ] == [("gpus-cpu", ["500m", "8Gi", "0", "0"]), ("gpus-a100", ["96", "1Ti", "8", "4"])]
    for flavor in group["flavors"]:
        assert [quota["name"] for quota in flavor["resources"]] == group["coveredResources"]


def test_a_flavor_that_is_there_is_not_made() -> None:
    found = render(pools=[{"name": "a100", "flavor": "shared", "quota": QUOTA}])
    assert [manifest["kind"] for manifest in found.values()] == ["ClusterQueue", "LocalQueue"]
    (group,) = found["cluster-queue"]["spec"]["resourceGroups"]
    assert [flavor["name"] for flavor in group["flavors"]] == ["shared"]


def test_topology() -> None:
    found = render(pools=[A100], topology=["example.com/rack", "kubernetes.io/hostname"])
    assert list(found)[:2] == ["topology", "a100-flavor"]
    levels = [{"nodeLabel": "example.com/rack"}, {"nodeLabel": "kubernetes.io/hostname"}]
    assert found["topology"] == made("Topology", "gpus", {"levels": levels})
    assert found["a100-flavor"]["spec"]["topologyName"] == "gpus"


@pytest.mark.parametrize(
    ("said", "spec"),
    [
        ({"strategy": "StrictFIFO"}, {"queueingStrategy": "StrictFIFO"}),
        ({"cohort": "teams"}, {"cohort": "teams"}),
        (
            {"cohort": "teams", "reclaim": "Any", "preemption": "LowerPriority"},
            {
                "preemption": {
                    "reclaimWithinCohort": "Any",
                    "withinClusterQueue": "LowerPriority",
                }
            },
        ),
        ({"stop_policy": "HoldAndDrain"}, {"stopPolicy": "HoldAndDrain"}),
    ],
)
def test_what_the_fields_make_of_the_cluster_queue(
    said: dict[str, Any], spec: dict[str, Any]
) -> None:
    found = render(pools=[A100], **said)["cluster-queue"]["spec"]
    assert {key: found[key] for key in spec} == spec


def test_a_stopped_queue_is_not_awaited() -> None:
    held = render(pools=[A100], stop_policy="Hold")["cluster-queue"]
    assert "annotations" not in held["metadata"]


def test_one_local_queue_a_namespace() -> None:
    found = render(pools=[A100], namespaces=["team-b", "team-a"], labels={"cost": "x"})
    locals_ = [one["metadata"] for one in found.values() if one["kind"] == "LocalQueue"]
    assert [one["namespace"] for one in locals_] == ["team-b", "team-a"]
    assert {one["name"] for one in locals_} == {"gpus"}
    assert all(one["labels"] == {"cost": "x", **LABELS} for one in locals_)
    (rule,) = found["cluster-queue"]["spec"]["namespaceSelector"]["matchExpressions"]
    assert rule["values"] == ["team-a", "team-b"]


BARE = {"name": "a", "quota": QUOTA}
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "pools: required, but not given"),
    ({"pools": []}, "pools: got []: name at least one"),
    ({"pools": [{"name": "a"}]}, "pools[0].quota: required, but not given"),
    (
        {"pools": [{"name": "a", "quota": {"gpu": 8, "memory": "1Gi"}}]},
        "pools[0].quota: cpu: required: a queue admits no pod that asks for what it has no quota",
    ),
    ({"pools": [{"name": "a", "quota": {"gpu": 8, "cpu": 1}}]}, "pools[0].quota: memory: required"),
    ({"pools": [A100, A100]}, "pools: two are named 'a100'"),
    ({"pools": [BARE, A100]}, "pools[0].node_selector: required with several pools, to tell their"),
    ({"pools": [BARE], "topology": ["rack"]}, "pools[0].node_selector: required with topology,"),
    (
        {"pools": [{**A100, "flavor": "x"}]},
        "pools[0]: node_selector: said by the flavor 'x' already",
    ),
    ({"pools": [A100], "topology": ["rack", "rack"]}, "topology: 'rack' is given twice"),
    (
        {"pools": [A100], "topology": ["kubernetes.io/hostname", "rack"]},
        "topology: 'kubernetes.io/hostname' must be the last, as nothing is narrower than a node",
    ),
    ({"pools": [A100], "namespaces": []}, "namespaces: got []: name at least one"),
    ({"pools": [A100], "namespaces": ["a", "a"]}, "namespaces: 'a' is given twice"),
    ({"pools": [A100], "reclaim": "Any"}, "reclaim: got 'Any', but no cohort is given"),
    ({"pools": [A100], "strategy": "FIFO"}, "strategy: got 'FIFO': must be 'BestEffortFIFO' or"),
    ({"pools": [A100], "name": "GPUs"}, "name: got 'GPUs': must be lower-case letters"),
    ({"pools": [A100], "name": "a" * 64}, "at most 63 characters"),
    ({"pools": [A100], "quota": {}}, "quota: unknown field"),
]


@pytest.mark.parametrize(("args", "message"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_mistakes(args: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as told:
        parse(QueueArgs, args, "Queue 'gpus'")
    assert message in str(told.value)
    assert str(told.value).startswith("Queue 'gpus': ")
    assert "\n" not in str(told.value)


def program(**job: Any) -> Synthesis:
    def both() -> None:
        gpus = Queue("gpus", {"pools": [A100], "namespaces": ["default", "team"]})
        ElasticJob("digits", {**JOB, "queue": gpus, **job})
        pulumi.export("flavors", gpus.flavors)

    return synth(both)


def needs(found: Synthesis, name: str) -> set[str]:
    (one,) = [child for child in found.registrations if child.name == name]
    return {urn.rsplit("::", 1)[-1] for urn in one.options.get("dependencies", [])}


def test_summary_outputs_and_order() -> None:
    found = program()
    assert found.one("trainstack:index:Queue").inputs == {
        "name": "gpus",
        "namespaces": ["default", "team"],
        "pools": {"a100": "cpu 96, memory 1024Gi, nvidia.com/gpu 8, rdma/hca 4"},
    }
    assert found.outputs == {"flavors": {"a100": "gpus-a100"}}
    assert needs(found, "gpus-cluster-queue") == {"gpus-a100-flavor"}
    assert needs(found, "gpus-team-queue") == {"gpus-a100-flavor", "gpus-cluster-queue"}


def test_a_job_waits_for_its_queue_and_is_named_after_it() -> None:
    found = program()
    job = found.one("kubernetes:batch/v1:Job")
    assert job.inputs["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"
    assert {urn.rsplit("::", 1)[-1] for urn in job.options["dependencies"]} >= {
        "gpus-default-queue",
        "gpus-team-queue",
    }
    assert found.one("trainstack:index:ElasticJob").inputs["queue"] == "gpus"


def test_a_queue_by_name_is_the_same_run() -> None:
    by_name = synth(lambda: ElasticJob("digits", {**JOB, "queue": "gpus"}))
    job = by_name.one("kubernetes:batch/v1:Job")
    assert job.inputs == program().one("kubernetes:batch/v1:Job").inputs


def test_a_job_in_a_namespace_that_the_queue_is_not_for() -> None:
    with pytest.raises(TrainstackError) as told:
        program(namespace="other")
    assert str(told.value) == (
        "ElasticJob 'digits': namespace: got 'other', but the queue 'gpus' is for 'default', 'team'"
    )


def test_a_logical_name_that_no_queue_may_have() -> None:
    with pytest.raises(TrainstackError, match="Queue 'My GPUs': logical name: name: got 'My GPUs'"):
        synth(lambda: Queue("My GPUs", {"pools": [A100]}))


TWO = [CPU, {**A100, "quota": {"cpu": 8, "memory": "64Gi", "gpu": 8}}]


def fitted(pools: list[dict[str, Any]], queue: dict[str, Any], **job: Any) -> Synthesis:
    def both() -> None:
        gpus = Queue("gpus", {"pools": pools, **queue})
        ElasticJob("digits", {**JOB, "queue": gpus, **job})

    return synth(both)


def test_a_job_of_just_the_quota_fits() -> None:
    # The store goes to the pool without GPUs.
    asked = {"cpu": 4, "memory": "32Gi", "gpu": 4}
    assert fitted(TWO, {}, nnodes=2, resources=asked).one("trainstack:index:ElasticJob")


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (
            {"nnodes": 4, "resources": {"gpu": 4}},
            "queue: the pods of Worker ask for 4 x 4 = 16 nvidia.com/gpu, more than any pool of "
            "the queue has (cpu 0, a100 8): it would wait for ever",
        ),
        (
            {"resources": {"memory": "65Gi"}},
            "queue: the pods of Job ask for 65Gi memory, more than any pool of the queue has "
            "(cpu 8Gi, a100 64Gi): it would wait for ever",
        ),
        (
            {"resources": {"storage": "1Gi"}},
            "queue: the pods of Job ask for 1Gi ephemeral-storage, more than any pool of the "
            "queue has (cpu 0, a100 0): it would wait for ever",
        ),
    ],
)
def test_a_job_that_can_never_fit_is_refused(job: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as told:
        fitted(TWO, {}, **job)
    assert str(told.value) == f"ElasticJob 'digits': {message}"


def test_a_role_that_would_need_two_pools() -> None:
    pools = [CPU, {**A100, "quota": {"cpu": 1, "memory": "1Gi", "gpu": 8}}]
    with pytest.raises(TrainstackError, match=r"2Gi memory, 1 nvidia\.com/gpu, and no one pool"):
        fitted(pools, {}, resources={"memory": "2Gi", "gpu": 1})


def test_all_roles_together_need_room() -> None:
    with pytest.raises(TrainstackError) as told:
        fitted([A100], {}, nnodes=2, resources={"cpu": 48, "memory": "1Gi", "gpu": 1})
    assert str(told.value) == (
        "ElasticJob 'digits': queue: its pods ask for 96.1 cpu in all, and the queue has 96: it "
        "would wait for ever"
    )


def test_what_a_cohort_lends_is_not_known() -> None:
    found = fitted([A100], {"cohort": "teams"}, nnodes=2, resources={"gpu": 8})
    assert found.one("trainstack:index:ElasticJob")


H100 = PoolProfile(
    name="h100",
    machine="p5.48xlarge",
    gpus=8,
    max_nodes=2,
    cpu="191.5",
    memory="1900Gi",
    node_selector={"gpu": "h100"},
    tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
    devices={"vpc.amazonaws.com/efa": 32},
    huge_pages="5120Mi",
)


class Live:
    """A pool that has a profile."""

    profile = H100


@pytest.mark.parametrize("pool", [H100, Live()], ids=["profile", "pool"])
def test_a_jobs_pool_is_a_queues_pool(pool: Any) -> None:
    found = render(pools=[pool])
    assert found["h100-flavor"]["spec"] == {
        "nodeLabels": {"gpu": "h100"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    (group,) = found["cluster-queue"]["spec"]["resourceGroups"]
    (flavor,) = group["flavors"]
    assert {quota["name"]: quota["nominalQuota"] for quota in flavor["resources"]} == {
        "cpu": "383",
        "memory": "3800Gi",
        "nvidia.com/gpu": "16",
        "vpc.amazonaws.com/efa": "64",
    }


def test_gpus_of_another_name_are_counted_under_it() -> None:
    mig = H100.model_copy(update={"gpu_resource": "nvidia.com/mig-1g.10gb", "devices": {}})
    (group,) = render(pools=[mig])["cluster-queue"]["spec"]["resourceGroups"]
    assert group["coveredResources"] == ["cpu", "memory", "nvidia.com/mig-1g.10gb"]


def test_a_pool_of_unknown_size_has_no_quota() -> None:
    with pytest.raises(TrainstackError) as told:
        render(pools=[PoolProfile(name="h100", gpus=8, cpu=4)])
    assert str(told.value) == (
        "Queue 'gpus': pools[0]: of the pool 'h100' max_nodes, memory is not known, so that there "
        "is no quota; say it there, or give a dict with quota"
    )


def test_a_job_on_a_pool_in_its_queue_adds_nothing_to_what_kueue_adds() -> None:
    def both() -> None:
        gpus = Queue("gpus", {"pools": [H100]})
        ElasticJob(
            "digits",
            {
                **JOB,
                "pool": H100,
                "queue": gpus,
                "resources": {"cpu": 8, "memory": "64Gi", "gpu": 8},
            },
        )

    found = synth(both)
    flavor = found.one("kubernetes:kueue.x-k8s.io/v1beta1:ResourceFlavor").inputs["spec"]
    pod = found.one("kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == flavor["nodeLabels"]
    assert pod["tolerations"] == flavor["tolerations"]
    assert "hugepages-2Mi" in pod["containers"][0]["resources"]["limits"]
