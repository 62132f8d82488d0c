"""Mistakes, through the real engine: one error each, no traceback, nothing created."""

from __future__ import annotations

import pytest

from tests.conftest import NewProgram

CASES = {
    "unknown field": ('"nnodse": 2', "nnodse: unknown field; did you mean 'nnodes'?"),
    "wrong number": ('"nnodes": 0', "nnodes: got 0: must be a number of nodes"),
    "mistake in a class": (
        '"run_policy": ts.RunPolicy(backoff_limit=-1)',
        "RunPolicy: backoff_limit: got -1: must be greater than or equal to 0",
    ),
    "contradiction": ('"command": ["x"]', "give either program or command, not both"),
    "missing script": ('"program": {"script": "gone.py"}', "cannot read"),
    "broken script": ('"program": {"script": "broken.py"}', "not valid Python"),
    "wrong quantity": ('"resources": {"memory": "4 gigs"}', "resources.memory: got '4 gigs'"),
    "secret in plain sight": ('"env": {"TOKEN": pulumi.Output.secret("x")}', "a secret Output"),
    "bad value in an Output": ('"image": pulumi.Output.from_input("No Image")', "got 'No Image'"),
    "wait on a foreign provider": (
        '"wait": "finished"}, pulumi.ResourceOptions(provider=k8s.Provider("p", kubeconfig="{}"))',
        "give cluster=Cluster(",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_clear_error(offline_program: NewProgram, case: str) -> None:
    field, message = CASES[case]
    closing = "" if "ResourceOptions" in field else "}"
    source = f"""
import pulumi, pulumi_kubernetes as k8s, trainstack as ts
base = {{"image": "localhost/none:1", "program": {{"module": "m"}}}}
ts.ElasticJob("digits", {{**base, {field}{closing})
"""
    program = offline_program(source)
    program.write("broken.py", "def\n")
    result = program.preview()
    assert not result.ok
    assert message in result.output
    assert "Traceback" not in result.output
    errors = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2, errors
    assert errors[1].endswith("program exited with non-zero exit code: 1")
