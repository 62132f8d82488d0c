"""Reading arguments: one kind of error whatever comes, and nothing said is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.jobs import LEAST
from trainstack import (
    Cluster,
    ElasticJobArgs,
    Mount,
    Program,
    PyTorchJobArgs,
    Resources,
    RunPolicy,
    SecretRef,
    TrainstackError,
    Worker,
)
from trainstack.spec.model import Args, parse
from trainstack.spec.shown import shown

MODELS: list[type[Args]] = [
    Cluster,
    ElasticJobArgs,
    Mount,
    Program,
    PyTorchJobArgs,
    Resources,
    RunPolicy,
    SecretRef,
    Worker,
]
FIELDS = sorted({field for model in MODELS for field in model.model_fields} | {"mem"})
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**4300, 10**4301),
    st.floats(),
    st.text(),
    st.characters(categories=["Cs"]),
    st.sampled_from(["1Gi", "/data", "a.py", "default", "1:2", "Never", "All", "a\0.py", "$(A)"]),
)
keys = st.sampled_from([*FIELDS, "metadata", "spec", "labels", "containers", "name"]) | st.text()
json = st.recursive(
    scalars,
    lambda children: st.one_of(
        st.lists(children, max_size=3), st.dictionaries(keys, children, max_size=4)
    ),
    max_leaves=20,
)


def tried(model: type[Args], value: Any) -> None:
    try:
        parse(model, value, "Test 'x'")
    except TrainstackError as error:
        lines = str(error).splitlines()
        assert lines
        assert lines[0].startswith("Test 'x': ")


@given(st.sampled_from(MODELS), json)
def test_nothing_but_a_trainstack_error_comes_of_odd_input(model: type[Args], value: Any) -> None:
    tried(model, value)


@given(st.sampled_from([ElasticJobArgs, PyTorchJobArgs]), st.data())
def test_nor_of_one_odd_field(model: type[Args], data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(model.model_fields)))
    tried(model, {**LEAST, field: data.draw(json)})


pods = st.recursive(
    scalars,
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "spec",
                    "metadata",
                    "labels",
                    "containers",
                    "name",
                    "env",
                    "volumes",
                    "resources",
                    "limits",
                    "volumeMounts",
                    "mountPath",
                    "nodeSelector",
                    "ports",
                ]
            ),
            children,
            max_size=4,
        ),
    ),
    max_leaves=15,
)


@given(pods, pods)
def test_nor_of_an_odd_overlay(spec: Any, metadata: Any) -> None:
    tried(ElasticJobArgs, {**LEAST, "pod_overlay": {"spec": spec, "metadata": metadata}})


def test_nor_of_deep_nesting() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = {"spec": deep}
    tried(ElasticJobArgs, {**LEAST, "pod_overlay": deep})


def test_arguments_are_taken_as_they_are() -> None:
    args = Worker(replicas=2)
    assert parse(Worker, args, "test") is args


def test_arguments_never_change() -> None:
    args = Worker(replicas=2)
    with pytest.raises(ValueError, match="frozen"):
        args.replicas = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "said", "message"),
    [
        (Worker, {"replicas": 1, "imgae": "x"}, "imgae: unknown field; did you mean 'image'? "),
        (RunPolicy, {"backoff": 3}, "backoff: unknown field; did you mean 'backoff_limit'? "),
        (
            ElasticJobArgs,
            {"run_policy": {"ttl": 3}},
            "run_policy.ttl: unknown field; allowed: active_deadline_seconds, backoff_limit, ",
        ),
        (
            ElasticJobArgs,
            {"secrets": {"A": {"nam": "a", "key": "b"}}},
            "secrets.A.nam: unknown field; did you mean 'name'? allowed: key, name",
        ),
        (
            PyTorchJobArgs,
            {"worker": {"replicas": 1, "requests": {"gpus": 1}}},
            "worker.requests.gpus: unknown field; did you mean 'gpu'? allowed: cpu, ",
        ),
    ],
)
def test_an_unknown_field_is_told_with_what_is_allowed_there(
    model: type[Args], said: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainstackError) as caught:
        parse(model, said, "Test 'x'")
    assert f"Test 'x': {message}" in str(caught.value)
    with pytest.raises(TrainstackError) as caught:
        model(**said)
    assert f"{model.__name__}: {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "'a'"),
        ("x" * 1000, "'" + "x" * 118 + "'…"),
        (10**5000, "<int>"),
        ([1, 2], "[1, 2]"),
    ],
    ids=["short", "long", "unprintable", "list"],
)
def test_values_in_messages(value: Any, expected: str) -> None:
    assert shown(value) == expected


@given(scalars)
def test_a_value_in_a_message_is_short(value: Any) -> None:
    assert len(shown(value)) <= 121
