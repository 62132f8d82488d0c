"""A run is a version: what changes it, and what does not."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.jobs import LEAST
from trainstack import ElasticJobArgs, PoolProfile, PyTorchJobArgs
from trainstack.spec.job_args import JobArgs
from trainstack.spec.model import parse
from trainstack.spec.source import Source
from trainstack.spec.version import version_of

SOURCE = Source("train.py", "print()\n")
MODELS: dict[str, type[JobArgs]] = {"ElasticJob": ElasticJobArgs, "PyTorchJob": PyTorchJobArgs}


def version(
    said: dict[str, Any],
    kind: str = "ElasticJob",
    source: Source | None = None,
    place: tuple[str, str] = ("shop", "dev"),
) -> str:
    args = parse(MODELS[kind], {**LEAST, **said}, kind)
    found = version_of(kind, args, source, *place)
    assert isinstance(found, str)
    return found


POOL = {"name": "h100", "gpus": 8}
COMMON: dict[str, Any] = {
    "image": "registry.example/other:1",
    "image_pull_secrets": ["pull"],
    "program": {"module": "other"},
    "args": ["x"],
    "hyperparameters": {"lr": 0.1},
    "env": {"A": "x"},
    "secrets": {"A": {"name": "a", "key": "b"}},
    "namespace": "team",
    "resources": {"cpu": 1},
    "pool": POOL,
    "shared_memory": False,
    "mounts": [{"path": "/data", "pvc": "data"}],
    "checkpoint": {"url": "s3://runs"},
    "service_account": "trainer",
    "priority": "high",
    "queue": "gpus",
    "pod_overlay": {"spec": {"nodeSelector": {"a": "b"}}},
    "run_policy": {"active_deadline_seconds": 60},
    "attempt": 2,
}
OWN: dict[str, dict[str, Any]] = {
    "ElasticJob": {
        "nnodes": 2,
        "nproc_per_node": 2,
        "start_method": "fork",
        "monitor_interval": 1.0,
        "max_restarts": 3,
        "rdzv_configs": {"join_timeout": 60},
    },
    "PyTorchJob": {
        "gang": {"scheduler": "volcano"},
        "master": {"restart_policy": "OnFailure"},
        "worker": {"replicas": 1},
    },
}
BUCKET = {"url": "s3://runs/team"}
NOT_THE_RUN: dict[str, Any] = {
    "run_name": "other",
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "cluster": {"context": "prod"},
    "on_change": "refuse",
    "suspend": True,
    "wait": "finished",
}
ONE_VALUE_ONLY = {"rdzv_backend"}
OF_SEVERAL_NODES = {"gang", "size"}
EXCLUDES = {"command"}  # cannot be said beside a program
CHANGES = [
    (kind, field, value) for kind in MODELS for field, value in {**COMMON, **OWN[kind]}.items()
]


@pytest.mark.parametrize("kind", MODELS)
def test_the_tables_below_name_every_field(kind: str) -> None:
    fields = {*COMMON, *OWN[kind], *NOT_THE_RUN, "operator", "timeout", "version"}
    rest = ONE_VALUE_ONLY | OF_SEVERAL_NODES if kind == "ElasticJob" else set()
    assert fields | EXCLUDES | rest == set(MODELS[kind].model_fields)


@pytest.mark.parametrize("kind", MODELS)
def test_eight_digits_of_a_hash(kind: str) -> None:
    assert re.fullmatch("[0-9a-f]{8}", version({}, kind))


@pytest.mark.parametrize(("kind", "field", "value"), CHANGES)
def test_what_is_another_run(kind: str, field: str, value: Any) -> None:
    assert version({field: value}, kind) != version({}, kind)


def test_every_change_is_a_run_of_its_own() -> None:
    for kind in MODELS:
        found = [version({field: value}, kind) for k, field, value in CHANGES if k == kind]
        assert len(set(found)) == len(found)


def test_where_checkpoints_are_and_what_is_resumed_are_part_of_the_run() -> None:
    said: list[dict[str, Any]] = [
        BUCKET,
        {"url": "s3://runs/other"},
        {**BUCKET, "endpoint": "http://minio:9000"},
        {**BUCKET, "endpoint": "http://other:9000"},
        {"pvc": "team"},
        {"pvc": "team", "sub_path": "a"},
        {**BUCKET, "resume_from": "0a1b2c3d"},
    ]
    assert len({version({"checkpoint": checkpoint}) for checkpoint in said}) == len(said)


def test_a_gang_is_part_of_the_run() -> None:
    found = {
        version({"nnodes": 2, "gang": gang})
        for gang in (None, {"scheduler": "volcano"}, {"scheduler": "gangs"})
    }
    assert len(found) == 3


def test_a_command_is_part_of_the_run() -> None:
    found = {
        version({"program": None, "command": command}, "PyTorchJob")
        for command in (["a"], ["b"], ["a", "b"])
    }
    assert len(found) == 3


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("field", "value"), NOT_THE_RUN.items())
def test_what_is_the_same_run(kind: str, field: str, value: Any) -> None:
    assert version({field: value}, kind) == version({}, kind)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "other"),
        ("machine", "p5.48xlarge"),
        ("arch", "amd64"),
        ("cpu", 190),
        ("memory", "1900Gi"),
        ("max_nodes", 4),
        ("price_per_hour", 55.04),
    ],
)
def test_what_of_a_pool_is_the_same_run(field: str, value: Any) -> None:
    changed = {**POOL, field: value}
    assert field in PoolProfile.NOT_THE_RUN
    assert version({"pool": changed}) == version({"pool": POOL})
    worker = {"replicas": 1, "pool": POOL}
    assert version({"worker": {**worker, "pool": changed}}, "PyTorchJob") == version(
        {"worker": worker}, "PyTorchJob"
    )


def test_a_timeout_is_the_same_run() -> None:
    assert version({"wait": "finished", "timeout": 60}) == version({})


def test_a_size_is_the_same_run() -> None:
    assert version({"nnodes": "1:4", "size": 2}) == version({"nnodes": "1:4"})


def test_an_operator_is_the_same_run() -> None:
    operator = pulumi.ComponentResource.__new__(pulumi.ComponentResource)
    assert version({"operator": operator}) == version({})


def test_project_stack_kind_and_source_are_part_of_the_run() -> None:
    found = [
        version({}),
        version({}, place=("shop", "prod")),
        version({}, place=("other", "dev")),
        version({}, kind="PyTorchJob"),
        version({}, source=SOURCE),
        version({}, source=Source("train.py", "print(1)\n")),
        version({}, source=Source("other.py", "print()\n")),
    ]
    assert len(set(found)) == len(found)


def test_project_and_stack_do_not_run_into_each_other() -> None:
    assert version({}, place=("a", "b.c")) != version({}, place=("a.b", "c"))


@pytest.mark.parametrize(("kind", "field", "value"), CHANGES)
def test_defaults_may_be_spelled_out(kind: str, field: str, value: Any) -> None:
    args = parse(MODELS[kind], {**LEAST, field: value}, kind)
    everything = args.model_dump(exclude={"operator"})
    again = parse(MODELS[kind], everything, kind)
    assert version_of(kind, again, None, "shop", "dev") == version({field: value}, kind)


@given(st.permutations(sorted(COMMON)), st.randoms(use_true_random=False))
def test_order_does_not_matter(fields: list[str], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key]) for key in keys}

    said = {**COMMON, "env": {"B": "1", "C": "2"}, "hyperparameters": {"a": 1, "b": 2, "c": 3}}
    assert version({field: shuffled(said[field]) for field in fields}) == version(said)


@given(st.permutations(["a", "b", "c"]))
def test_order_matters_in_lists(args: list[str]) -> None:
    assert (version({"args": args}) == version({"args": ["a", "b", "c"]})) == (args == sorted(args))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"nnodes": 1}, {"nnodes": "1"}),
        ({"nnodes": "1:1"}, {}),
        ({"nnodes": "2"}, {"nnodes": 2}),
        ({"nnodes": "02:4"}, {"nnodes": "2:4"}),
        ({"resources": {"mem": "1Gi", "cpu": 4}}, {"resources": {"memory": "1Gi", "cpu": "4"}}),
        ({"resources": {"gpu": "8"}}, {"resources": {"gpu": 8}}),
        ({"env": {"A": 1}}, {"env": {"A": "1"}}),
        ({"hyperparameters": {"a": True}}, {"hyperparameters": {"a": "true"}}),
        ({"run_policy": {"clean_pod_policy": None}}, {}),
        ({"run_policy": {"clean_pod_policy": "running"}}, {}),
        ({"run_policy": {}}, {}),
        ({"monitor_interval": 1}, {"monitor_interval": 1.0}),
        (
            {"checkpoint": BUCKET, "run_policy": {"ttl_seconds_after_finished": 60}},
            {"checkpoint": BUCKET},
        ),
        (
            {
                "checkpoint": {
                    **BUCKET,
                    "keep": 9,
                    "region": "eu-west-1",
                    "save_seconds": 60,
                    "size": "5Gi",
                }
            },
            {"checkpoint": BUCKET},
        ),
        ({"checkpoint": {**BUCKET, "url": "s3://runs/team/"}}, {"checkpoint": BUCKET}),
    ],
)
def test_two_spellings_of_one_run(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert version(one) == version(other)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"version": "v1"}, "v1"),
        ({"version": "v1", "attempt": 1}, "v1"),
        ({"version": "v1", "attempt": 2}, "v1-a2"),
        ({"version": "v1", "image": "registry.example/other:1"}, "v1"),
    ],
)
def test_an_explicit_version(said: dict[str, Any], expected: str) -> None:
    assert version(said) == expected
