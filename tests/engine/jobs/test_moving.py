"""A job that is renamed or moved in code keeps its run: object, source and waiting child."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.pulumi_cli import PulumiProgram

BEGIN = """
import os
import pulumi
import trainstack as ts

FIELDS = {
    "image": "localhost/none:1",
    "namespace": pulumi.Config().require("namespace"),
    "program": {"script": "train.py"},
    "nnodes": 2,
    "run_name": "digits",
    "pod_overlay": {"spec": {"terminationGracePeriodSeconds": 1}},
}


class Team(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Team", name, None, opts)


def job(name, **opts):
    made = ts.ElasticJob(name, FIELDS, pulumi.ResourceOptions(**opts))
    pulumi.export("job_name", made.job_name)


"""
BEFORE = 'job("digits")'
AFTER = {
    "renamed": 'job("mnist", aliases=[pulumi.Alias(name="digits")])',
    "moved": """job(
    "digits",
    parent=Team("vision"),
    aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)],
)""",
    "renamed and moved": """job(
    "mnist",
    parent=Team("vision"),
    aliases=[pulumi.Alias(name="digits", parent=pulumi.ROOT_STACK_RESOURCE)],
)""",
}


def kept(stack: PulumiProgram) -> dict[str, Any]:
    """What the cluster made, by type."""
    return {
        resource["type"]: resource["outputs"]["metadata"]["uid"]
        for resource in stack.resources()
        if resource["type"].startswith("kubernetes:")
    }


@pytest.mark.usefixtures("operator")
def test_a_run_stays_when_its_job_is_elsewhere_in_code(program: NewProgram, namespace: str) -> None:
    stack = program(BEGIN + BEFORE, config={"namespace": namespace})
    stack.write("train.py", "print('hello')\n")
    stack.up().check()
    before, name = kept(stack), stack.outputs()["job_name"]
    assert len(before) == 2
    state = stack.run("stack", "export").check().stdout
    for where, after in AFTER.items():
        stack.write("state.json", state)
        stack.run("stack", "import", "--file", "state.json").check()
        stack.use(BEGIN + after)
        done = set(stack.preview(json=True).check().steps().values())
        assert done <= {"same", "create"}, where  # the new component is the only thing made
        stack.up().check()
        assert (kept(stack), stack.outputs()["job_name"]) == (before, name), where
    stack.destroy().check()
