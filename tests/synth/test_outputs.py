"""Values that are still Outputs: checked when they resolve, unknown in preview, never secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from trainstack.testing import UNKNOWN, Synthesis, synth

COMPONENT = "trainstack:index:ElasticJob"
JOB = "kubernetes:batch/v1:Job"


def later(value: Any) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


def unknown() -> pulumi.Output[Any]:
    """An Output of a resource that does not exist yet."""

    def future(value: Any) -> asyncio.Future[Any]:
        found: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        found.set_result(value)
        return found

    return pulumi.Output(set(), future(None), future(False), future(False))


def made(said: Callable[[], dict[str, Any]], *, preview: bool = False) -> Synthesis:
    """What an ElasticJob becomes with this said; a function, since Outputs live in a program."""
    return synth(lambda: ts.ElasticJob("digits", {**LEAST, **said()}), preview=preview)


def at(value: Any) -> Callable[[Callable[[Any], Any]], dict[str, Any]]:
    """Every place that takes an Output, with `value` in it."""
    return lambda wrap: {
        "image": wrap("registry.example/mnist:1"),
        "image_pull_secrets": [wrap("pull")],
        "args": [wrap("a"), "b"],
        "hyperparameters": {"lr": wrap(value), "epochs": 3},
        "env": {"A": wrap("x"), "N": wrap(3)},
        "secrets": {"K": {"name": wrap("keys"), "key": "k"}},
        "namespace": wrap("team"),
        "service_account": wrap("trainer"),
        "labels": {"l": wrap("v")},
        "annotations": {"a": wrap("w")},
        "mounts": [
            {"path": "/data", "pvc": wrap("data")},
            {"path": "/conf", "config_map": wrap("conf")},
        ],
        "pod_overlay": {"spec": {"nodeSelector": {"pool": wrap("gpu")}}},
    }


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("value", [0.1, "warm", True, 3])
def test_a_known_output_is_the_same_as_the_plain_value(value: Any, preview: bool) -> None:
    said = at(value)
    plain = made(lambda: said(lambda item: item), preview=preview)
    outputs = made(lambda: said(later), preview=preview)
    assert [r.inputs for r in outputs.registrations] == [r.inputs for r in plain.registrations]


LEAVES: list[tuple[str, Callable[[Any], dict[str, Any]], str]] = [
    ("image", lambda v: {"image": v}, "registry.example/mnist:1"),
    ("image_pull_secrets", lambda v: {"image_pull_secrets": [v]}, "pull"),
    ("args", lambda v: {"args": [v]}, "a"),
    ("hyperparameters", lambda v: {"hyperparameters": {"lr": v}}, "0.1"),
    ("env", lambda v: {"env": {"A": v}}, "x"),
    ("name", lambda v: {"secrets": {"K": {"name": v, "key": "k"}}}, "keys"),
    ("namespace", lambda v: {"namespace": v}, "team"),
    ("service_account", lambda v: {"service_account": v}, "trainer"),
    ("labels", lambda v: {"labels": {"l": v}}, "v"),
    ("annotations", lambda v: {"annotations": {"a": v}}, "w"),
    ("pvc", lambda v: {"mounts": [{"path": "/d", "pvc": v}]}, "data"),
    ("config_map", lambda v: {"mounts": [{"path": "/d", "config_map": v}]}, "conf"),
    (
        "pod_overlay.spec.nodeSelector.pool",
        lambda v: {"pod_overlay": {"spec": {"nodeSelector": {"pool": v}}}},
        "gpu",
    ),
]


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize(("field", "said"), [leaf[:2] for leaf in LEAVES])
def test_a_secret_is_refused_and_not_told(
    field: str, said: Callable[[Any], dict[str, Any]], preview: bool
) -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        made(lambda: said(pulumi.Output.secret("hunter2")), preview=preview)
    assert str(caught.value) == (
        f"ElasticJob 'digits': {field}: a secret Output is not allowed here; put it into a "
        "Kubernetes Secret and name that in `secrets`"
    )


NOT_THE_RUN = ("labels", "annotations")


@pytest.mark.parametrize(("field", "said", "value"), LEAVES, ids=[leaf[0] for leaf in LEAVES])
def test_unknown_in_preview_makes_the_version_unknown(
    field: str, said: Callable[[Any], dict[str, Any]], value: str
) -> None:
    preview = made(lambda: said(unknown()), preview=True)
    up = made(lambda: said(later(value)))
    component, job = preview.one(COMPONENT), preview.one(JOB)
    if field in NOT_THE_RUN:
        assert component.inputs["version"] == up.one(COMPONENT).inputs["version"]
    else:
        assert component.inputs["version"] == UNKNOWN
        assert job.inputs["metadata"]["name"] == UNKNOWN
    assert [(r.type, r.name) for r in preview.registrations] == [
        (r.type, r.name) for r in up.registrations
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (lambda: {"image": later("My Image")}, "image: got 'My Image': must be an image reference"),
        (lambda: {"namespace": later("a.b")}, "namespace: got 'a.b': must be lower-case letters"),
        (lambda: {"namespace": later(3)}, "namespace: got 3: must be a text"),
        (
            lambda: {"hyperparameters": {"lr": later(None)}},
            "hyperparameters: got None: must be a text, a number or a bool",
        ),
        (lambda: {"env": {"A": later(True)}}, "env: got True: write 'true' or 'false'"),
        (lambda: {"labels": {"a": later("b c")}}, "labels: got 'b c': must be letters, digits"),
        (
            lambda: {"mounts": [{"path": "/d", "pvc": later("No")}]},
            "pvc: got 'No': must be lower-case letters",
        ),
    ],
)
@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_a_bad_value_is_refused_once_it_is_known(
    said: Callable[[], dict[str, Any]], message: str, preview: bool
) -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        made(said, preview=preview)
    assert str(caught.value).startswith(f"ElasticJob 'digits': {message}")


@pytest.mark.parametrize(
    "said",
    [
        lambda: {"nnodes": later(2)},
        lambda: {"run_name": later("a")},
        lambda: {"program": later({"module": "m"})},
        lambda: {"mounts": later([])},
        lambda: {"env": later({})},
        lambda: {"resources": {"cpu": later("1")}},
        lambda: {"wait": later("finished")},
        lambda: {"priority": later("high")},
        lambda: {"version": later("v1")},
    ],
)
def test_what_decides_which_resources_exist_is_plain(said: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(ts.TrainstackError, match="an Output is not allowed here"):
        made(said)


def test_the_grace_period_is_plain() -> None:
    with pytest.raises(ts.TrainstackError, match="must be plain, got an Output"):
        made(lambda: {"pod_overlay": {"spec": {"terminationGracePeriodSeconds": later(3)}}})


def test_a_whole_number_of_an_output_is_one_for_the_program() -> None:
    """Providers, and results of other runs, send every number as a float."""
    job = made(
        lambda: {"hyperparameters": {"epochs": later(3.0), "lr": later(0.25), "plain": 1.0}}
    ).one(JOB)
    (container,) = job.inputs["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["--epochs=3", "--lr=0.25", "--plain=1.0"]


def test_a_dollar_in_a_late_hyperparameter_is_escaped_as_well() -> None:
    job = made(lambda: {"hyperparameters": {"x": later("$(A)")}}).one(JOB)
    assert job.inputs["spec"]["template"]["spec"]["containers"][0]["args"] == ["--x=$$(A)"]


def test_a_secret_of_a_resource_that_does_not_exist_yet_is_refused() -> None:
    with pytest.raises(ts.TrainstackError, match="image: a secret Output is not allowed"):
        made(lambda: {"image": pulumi.Output.secret(unknown())}, preview=True)


@pytest.mark.parametrize("wait", ["accepted", "running"])
@pytest.mark.parametrize("name", ["result", "status", "decks"])
def test_the_end_of_a_run_is_known_only_to_who_waits_for_it(name: str, wait: str) -> None:
    def program() -> None:
        said = getattr(ts.ElasticJob("digits", {**LEAST, "wait": wait}), name)
        pulumi.export("whole", said)
        pulumi.export("mapped", said.apply(str))
        with pytest.raises(ts.TrainstackError) as caught:
            said["accuracy"]
        assert str(caught.value) == (
            f'ElasticJob \'digits\': {name}: known only with wait="finished", got wait="{wait}"'
        )

    assert synth(program).outputs == {"mapped": "None"}  # Pulumi leaves None out


def test_the_end_of_a_run_that_is_waited_for_can_be_looked_into() -> None:
    def program() -> None:
        job = ts.ElasticJob("digits", {**LEAST, "wait": "finished"})
        pulumi.export("accuracy", job.result["accuracy"])

    assert synth(program, preview=True).outputs == {"accuracy": UNKNOWN}


def test_one_output_of_one_job_in_another() -> None:
    def program() -> None:
        first = ts.ElasticJob("first", LEAST)
        ts.ElasticJob("second", {**LEAST, "env": {"FIRST": first.job_name}})

    result = synth(program)
    first, second = result.of_type(JOB)
    env = second.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "FIRST", "value": first.inputs["metadata"]["name"]} in env
