"""A run takes the result of another one: in the same program, and from another stack."""

from __future__ import annotations

import pytest

import images
from tests.conftest import NewProgram

HEAD = """
import pulumi
import trainstack as ts

config = pulumi.Config()
common = {
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "wait": "finished",
    "timeout": 300,
}
"""
SEARCH_AND_TRAIN = """
search = ts.ElasticJob("search", {
    **common,
    "program": {"function": "search.py:best", "inputs": {"rates": RATES}},
})
train = ts.ElasticJob("train", {
    **common,
    "program": {"script": "train.py"},
    "hyperparameters": {"epochs": search.result["epochs"], "lr": search.result["lr"]},
})
pulumi.export("best", search.result)
pulumi.export("trained", train.result)
pulumi.export("version", train.version)
"""
ELSEWHERE = """
best = pulumi.StackReference("organization/test/dev").require_output("best")
again = ts.ElasticJob("again", {
    **common,
    "program": {
        "function": "again.py:main",
        "inputs": {"epochs": best["epochs"], "lr": best["lr"]},
    },
})
pulumi.export("again", again.result)
"""
SEARCH = """
def best(rates):
    return {"lr": min(rates), "epochs": len(rates)}
"""
TRAIN = """
import sys
from trainstack_runtime import result

result(words=sys.argv[1:])
"""
AGAIN = """
def main(epochs, lr):
    return {"epochs": epochs, "lr": lr, "kind": type(epochs).__name__}
"""


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_a_result_is_the_input_of_the_next_run(
    program: NewProgram, namespace: str, image: images.Image
) -> None:
    config = {"image": image.tag, "namespace": namespace}
    first = HEAD + SEARCH_AND_TRAIN
    stack = program(first.replace("RATES", "[0.5, 0.25]"), config=config)
    stack.write("search.py", SEARCH)
    stack.write("train.py", TRAIN)
    stack.up().check()
    outputs = stack.outputs()
    assert outputs["best"] == {"lr": 0.25, "epochs": 2}
    assert outputs["trained"] == {"words": ["--epochs=2", "--lr=0.25"]}
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}

    backend = {"PULUMI_BACKEND_URL": stack.env["PULUMI_BACKEND_URL"]}
    other = program(HEAD + ELSEWHERE, "two", backend, project="other", config=config)
    other.write("again.py", AGAIN)
    other.up().check()
    assert other.outputs()["again"] == {"epochs": 2, "lr": 0.25, "kind": "int"}

    steps = stack.use(first.replace("RATES", "[0.5, 0.125]")).preview(json=True).check().steps()
    assert (steps["search"], steps["train"]) == ("replace", "replace")
    other.destroy().check()
    stack.destroy().check()
