"""The child that waits for a run."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import trainstack as ts
from trainstack.testing import synth

JOB: dict[str, Any] = {
    "image": "registry.example/x:1",
    "program": {"module": "m"},
    "wait": "finished",
    "version": "v1",
}


@pytest.mark.parametrize("namespace", ["lab", "an Output"])
def test_it_knows_the_run_whether_its_names_are_plain_or_outputs(namespace: str) -> None:
    def program() -> None:
        said = pulumi.Output.from_input("lab") if namespace == "an Output" else namespace
        ts.ElasticJob("a", {**JOB, "namespace": said})

    waiter = synth(program).one("pulumi-python:dynamic:Resource").inputs
    del waiter["__provider"]
    assert waiter == {
        "group": "batch",
        "kind": "Job",
        "name": "a-v1",
        "namespace": "lab",
        "version": "v1",
        "wait": "finished",
    }


def test_it_finds_the_cluster_as_the_provider_does() -> None:
    made = synth(lambda: ts.ElasticJob("a", JOB), config={"kubernetes:context": "training"})
    assert made.one("pulumi-python:dynamic:Resource").inputs["context"] == "training"


def test_a_suspended_run_is_not_waited_for_and_knows_nothing_yet() -> None:
    def program() -> None:
        job = ts.ElasticJob("a", {**JOB, "suspend": True})
        pulumi.export("status", job.status.apply(repr))
        pulumi.export("accuracy", job.result["best"]["accuracy"].apply(repr))
        pulumi.export("report", job.decks["report"].apply(repr))

    for preview in (True, False):
        made = synth(program, preview=preview)
        assert made.outputs == {"status": "None", "accuracy": "None", "report": "None"}
        assert not made.of_type("pulumi-python:dynamic:Resource")


def test_a_job_that_takes_a_suspended_ones_result_says_what_it_misses() -> None:
    def program() -> None:
        first = ts.ElasticJob("first", {**JOB, "suspend": True})
        ts.ElasticJob("then", {**JOB, "hyperparameters": {"lr": first.result["lr"]}})

    with pytest.raises(ts.TrainstackError, match=r"'then': hyperparameters: got None: must"):
        synth(program)


def test_without_waiting_there_is_no_such_child() -> None:
    made = synth(lambda: ts.ElasticJob("a", {**JOB, "wait": "accepted"}))
    assert not made.of_type("pulumi-python:dynamic:Resource")
