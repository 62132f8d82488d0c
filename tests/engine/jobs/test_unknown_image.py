"""An image that only `up` knows: preview says so, and `up` decides by its value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram
from trainstack.cli import app

SOURCE = """
import pulumi
import trainstack as ts
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class Builder(ResourceProvider):
    def create(self, props):
        return CreateResult("built", {{**props, "reference": props["image"].lower()}})

    def diff(self, id, olds, news):
        return DiffResult(changes=olds["image"] != news["image"])

    def update(self, id, olds, news):
        return UpdateResult({{**news, "reference": news["image"].lower()}})


class Built(Resource):
    reference: pulumi.Output[str]


built = Built(Builder(), "built", {{"image": {image!r}, "reference": None}})
job = ts.ElasticJob("digits", {{"image": built.reference, "program": {{"module": "pkg.train"}}}})
pulumi.export("job_name", job.job_name)
"""


@pytest.fixture
def stack(offline_program: NewProgram, tmp_path: Path) -> PulumiProgram:
    """A stack whose provider renders instead of applying."""
    rendered = {"kubernetes:renderYamlToDirectory": str(tmp_path / "rendered")}
    return offline_program(source("registry.example/team/digits:1"), config=rendered)


def source(image: str) -> str:
    return SOURCE.format(image=image)


def is_stable(stack: PulumiProgram) -> bool:
    """Whether a preview right after `up` changes nothing."""
    return set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}


def plan(stack: PulumiProgram) -> list[str]:
    """The lines of a preview on the job."""
    lines = [" ".join(line.split()) for line in stack.preview().check().stdout.splitlines()]
    return [line.replace(" :", ":") for line in lines]


def told(stack: PulumiProgram) -> str:
    """What a reviewer is told of the run."""
    printed = stack.preview(json=True).check().stdout
    return CliRunner().invoke(app, ["report"], input=printed).stdout


def test_a_job_and_its_image_start_together(stack: PulumiProgram) -> None:
    lines = plan(stack)
    assert {"image: [unknown]", "version: [unknown]", "name: [unknown]"} <= set(lines)
    assert "+ kubernetes:batch/v1:Job: (create)" in lines
    assert "**starts**: a version known after `up` | 0 | 0 → 1 |" in told(stack)
    stack.up().check()
    assert is_stable(stack)


def test_a_new_image_is_a_replacement_until_up_knows_it(stack: PulumiProgram) -> None:
    stack.up().check()
    first = stack.outputs()["job_name"]
    stack.use(source("registry.example/team/digits:2"))
    lines = plan(stack)
    assert '~ image: "registry.example/team/digits:1" => [unknown]' in lines
    assert f'~ version: "{first.removeprefix("digits-")}" => [unknown]' in lines
    assert "+-kubernetes:batch/v1:Job: (replace)" in lines
    later = "a version known after `up` starts, unless that is the same"
    assert f"**restarts**: `{first}` stops, {later} |" in told(stack)
    stack.up().check()
    second = stack.outputs()["job_name"]
    assert second != first
    assert is_stable(stack)

    # Built anew, and the same after all.
    stack.use(source("registry.example/Team/digits:2"))
    assert "+-kubernetes:batch/v1:Job: (replace)" in plan(stack)
    stack.up().check()
    assert stack.outputs()["job_name"] == second
    (newest, *_) = json.loads(stack.run("stack", "history", "--json").check().stdout)
    assert newest["resourceChanges"] == {"same": 3, "update": 1}
    assert is_stable(stack)
