"""Runs of two stacks in one namespace do not get into each other's way."""

from __future__ import annotations

import pytest

from tests.conftest import NewProgram
from tests.engine.jobs.test_preview import job


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_one_version_of_two_stacks_is_refused(program: NewProgram, namespace: str) -> None:
    said = job(nnodes=2, version="v1")
    config = {"namespace": namespace}
    one = program(said, folder="one", config=config)
    other = program(said, folder="other", stack="prod", config=config)
    one.up().check()
    try:
        refused = other.up()
        assert not refused.ok
        assert "trainstack.dev/stack" in refused.output
        other.use(job(nnodes=2)).up().check()
        assert set(one.preview(json=True).check().json["changeSummary"]) == {"same"}
    finally:
        for stack in (other, one):
            stack.destroy().check()
