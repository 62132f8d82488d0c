"""From recorded previews to what happens to runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

import trainstack as ts
from tests.support.previews import recorded
from trainstack.review.change import Effect, FieldChange, Finding, JobChange, OtherChange, Run
from trainstack.review.fields import changed_fields, plain
from trainstack.review.preview import Preview, State, Step, read_preview
from trainstack.review.reading import stack_change
from trainstack.spec.model import TrainstackError
from trainstack.testing import synth

COMPONENT = "urn:pulumi:dev::shop::trainstack:index:ElasticJob::a"
OBJECT = "urn:pulumi:dev::shop::trainstack:index:ElasticJob$kubernetes:batch/v1:Job::a"


def change(name: str) -> Any:
    return stack_change(read_preview(recorded(name), name))


BERT = JobChange(
    name="bert",
    kind="PyTorchJob",
    effect=Effect.RESTARTS,
    before=Run("bert-19ac24db", 32, 4),
    after=Run("bert-9b154c81", 32, 4),
    fields=(FieldChange("hyperparameters.lr", "0.1", "0.05"),),
)
DIGITS = JobChange(
    name="digits",
    kind="ElasticJob",
    effect=Effect.CHANGES,
    before=Run("digits-237b8329", 4, "1:4"),
    after=Run("digits-237b8329", 4, "1:4"),
    fields=(FieldChange("labels.team", "vision", "speech"),),
)
OLD = JobChange(
    name="old",
    kind="ElasticJob",
    effect=Effect.STOPS,
    before=Run("old-d4ac6851", 4, 1),
    after=None,
    fields=(),
)


POOL = {"name": "h100", "gpus": 8, "price_per_hour": 55.04}


def costs(**said: Any) -> tuple[Any, Any]:
    """What is read of the cost of a job that is said so."""
    base = {"image": "i:1", "program": {"module": "a"}}
    made = synth(lambda: ts.ElasticJob("a", {**base, **said})).one("ElasticJob")
    step = Step("create", COMPONENT, None, State(made.type, "", made.inputs))
    (job,) = stack_change(Preview((step,), (), (), {}, failed=False)).jobs
    assert job.after is not None
    return job.after.per_hour, job.after.at_deadline


def test_the_cost_of_a_run() -> None:
    day = {"run_policy": {"active_deadline_seconds": 86400}}
    assert costs(pool=POOL, **day) == (55.04, 1320.96)
    assert costs(pool=POOL) == (55.04, None)
    assert costs(resources={"gpu": 1}, **day) == (None, None)
    assert costs() == (None, None)


def test_what_happens_to_each_run_the_most_important_first() -> None:
    stack = change("changed")
    assert [(job.name, job.effect) for job in stack.jobs] == [
        ("bert", Effect.RESTARTS),
        ("reduce", Effect.RESTARTS),
        ("script", Effect.RESTARTS),
        ("old", Effect.STOPS),
        ("fresh", Effect.STARTS),
        ("digits", Effect.CHANGES),
    ]
    jobs = {job.name: job for job in stack.jobs}
    assert (jobs["bert"], jobs["digits"], jobs["old"]) == (BERT, DIGITS, OLD)
    assert (jobs["fresh"].before, jobs["fresh"].after) == (None, Run("fresh-fd9bae39", 2, 2))
    assert (stack.name, stack.failed, stack.gpus) == ("test/dev", False, (40, 38))
    assert stack.others == (OtherChange("replace", "kubernetes:core/v1:ConfigMap", "settings"),)


def test_the_stream_says_the_same_and_lists_unchanged_runs_too() -> None:
    stream, digest = change("streamed"), change("changed")
    assert stream.jobs[:-1] == digest.jobs
    (same,) = stream.jobs[-1:]
    assert (same.name, same.effect, same.fields) == ("same", Effect.KEEPS, ())
    assert same.before == same.after
    assert (digest.complete, stream.complete) == (False, True)
    assert stream.gpus == (42, 40)


def test_what_is_not_known_before_up() -> None:
    (later,) = (job for job in change("unknown").jobs if job.name == "later")
    assert later.after == Run(None, 0, 1)
    assert FieldChange("env.ID", None, "[unknown]") in later.fields


@pytest.mark.parametrize("name", ["failed", "failed-streamed"])
def test_a_failed_preview_tells_its_cause_and_how_far_it_came(name: str) -> None:
    stack = change(name)
    assert (stack.failed, stack.complete) == (True, False)
    assert stack.errors == (
        "ElasticJob 'bad': nnodes: got '4:1': "
        'must be a number of nodes or "min:max", 1 <= min <= max <= 9999',
    )
    assert BERT in stack.jobs


def test_an_exception_of_the_program_is_told_with_its_traceback() -> None:
    (error,) = change("raised").errors
    assert error.startswith("Program failed with an unhandled exception:\nTraceback")
    assert error.endswith("KeyError: 'x'")


def test_what_policies_found() -> None:
    """Only the stream holds it; the fields are those of the engine's `PolicyEvent`."""
    found = [
        _finding("gpu-budget", "warning", "more GPUs than usual"),
        _finding("pinned-image", "mandatory", "no digest\n", COMPONENT),
    ]
    stack = stack_change(read_preview("\n".join([*found, recorded("streamed")]), "x"))
    assert stack.findings == (
        Finding("pinned-image", "mandatory", "a", "no digest"),
        Finding("gpu-budget", "advisory", "", "more GPUs than usual"),
    )


def test_a_preview_that_policies_refuse_says_which_or_where_to_find_out() -> None:
    refused = {"severity": "error", "message": "error: preview failed\n"}
    digest = json.dumps({"steps": [], "changeSummary": {}, "diagnostics": [refused]})
    (error,) = stack_change(read_preview(digest, "x")).errors
    assert error == (
        "preview failed, as it does when a policy is violated; which one is only in the stream "
        "that PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true makes pulumi print"
    )
    said = {"prefix": "error: ", **refused, "message": "preview failed\n"}
    event = json.dumps({"sequence": 2, "timestamp": 1, "diagnosticEvent": said})
    found = _finding("pinned-image", "mandatory", "no digest", COMPONENT)
    stack = stack_change(read_preview(f"{found}\n{event}", "x"))
    assert (stack.failed, stack.errors, len(stack.findings)) == (True, (), 1)


def _finding(policy: str, level: str, message: str, urn: str = "") -> str:
    event = {
        "message": message,
        "color": "raw",
        "policyName": policy,
        "policyPackName": "trainstack",
        "policyPackVersion": "1",
        "policyPackVersionTag": "1",
        "enforcementLevel": level,
        **({"resourceUrn": urn} if urn else {}),
    }
    return json.dumps({"sequence": 1, "timestamp": 1, "policyEvent": event})


def _digest(component: str, *objects: str, error: bool = False, **after: Any) -> str:
    old = {"run_name": "a", "version": "1", "env": {"A": "x"}}
    steps = [_step(component, COMPONENT, old, {**old, **after})]
    steps += [_step(op, OBJECT, {}, {}, parent=COMPONENT) for op in objects]
    said = [{"severity": "error", "message": "error: broken"}] if error else []
    return json.dumps({"steps": steps, "changeSummary": {"same": 1}, "diagnostics": said})


def _step(op: str, urn: str, old: Any, new: Any, parent: str = "") -> dict[str, Any]:
    type_ = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
    states = {"oldState": old, "newState": new}
    gone = {"create": "oldState", "delete": "newState"}.get(op)
    return {"op": op, "urn": urn} | {
        key: {"type": type_, "parent": parent, "inputs": inputs}
        for key, inputs in states.items()
        if key != gone
    }


@pytest.mark.parametrize(
    ("digest", "effect"),
    [
        (_digest("create", "create"), Effect.STARTS),
        (_digest("delete", "delete"), Effect.STOPS),
        (_digest("update", "replace", version="2"), Effect.RESTARTS),
        (_digest("update", "update", labels={"a": "b"}), Effect.CHANGES),
        (_digest("same", "same"), Effect.KEEPS),
        (_digest("same", "create"), Effect.STARTS),  # its object was gone
        (_digest("update", env={"A": "y"}), Effect.KEEPS),  # its object is not listed: the same
        (_digest("update", version="2", error=True), Effect.RESTARTS),  # not come to its object
        (_digest("update", env={"A": "y"}, error=True), Effect.CHANGES),
        (_digest("create", error=True), Effect.STARTS),
        (_digest("delete", "same", "refresh"), Effect.KEEPS),
    ],
)
def test_the_object_s_step_decides(digest: str, effect: Effect) -> None:
    (job,) = stack_change(read_preview(digest, "x")).jobs
    assert job.effect is effect


def test_fields_are_compared_leaf_by_leaf_the_hyperparameters_first() -> None:
    before = {
        "args": ["a", "b"],
        "env": {"A": "1", "B": "2"},
        "gpus": 1,
        "image": "x:1",
        "mounts": [{"path": "/a", "pvc": "one"}],
        "shared_memory": True,
        "version": "1",
    }
    after = {
        **before,
        "args": ["a"],
        "env": {"B": "3"},
        "gpus": 2,
        "hyperparameters": {"lr": "0.1"},
        "image": "x:2",
        "mounts": [{"path": "/a", "pvc": "two"}],
        "shared_memory": False,
        "version": "2",
    }
    assert changed_fields(before, after) == (
        FieldChange("hyperparameters.lr", None, "0.1"),
        FieldChange("image", "x:1", "x:2"),
        FieldChange("args", '["a", "b"]', '["a"]'),
        FieldChange("env.A", "1", None),
        FieldChange("env.B", "2", "3"),
        FieldChange("mounts[0].pvc", "one", "two"),
        FieldChange("shared_memory", "true", "false"),
    )


def test_secrets_of_both_formats_stay_secret() -> None:
    streamed = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "AAAA",
        "plaintext": '"hunter2"',
    }
    assert plain({"a": [streamed], "b": "[secret]"}) == {"a": ["[secret]"], "b": "[secret]"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "p.json: empty; `pulumi preview --json` writes why to stderr"),
        ("hello", "p.json: not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"a": 1', "p.json: not JSON: Expecting ',' delimiter: line 1 column 8 (char 7)"),
        ("[]", "p.json: JSON, but not the output of `pulumi preview --json`: it has no steps"),
        ("{}", "p.json: JSON, but not the output of `pulumi preview --json`: it has no steps"),
        ('{"version": 3, "deployment": {}}', "p.json: JSON, but not the output of"),
        ('{"a": 1}\n{"b": 2}', "p.json: JSON, but not the output of"),
        ("3\n4", "p.json: JSON, but not the output of"),
        ('{"changeSummary": {}, "steps": [1]}', "p.json: not the output of `pulumi preview"),
        ('{"changeSummary": {}, "steps": [{"op": "same"}]}', "p.json: not the output of"),
        ('{"changeSummary": [], "steps": 3}', "p.json: not the output of `pulumi preview"),
    ],
)
def test_what_is_no_preview(text: str, message: str) -> None:
    with pytest.raises(TrainstackError) as error:
        stack_change(read_preview(text, "p.json"))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
