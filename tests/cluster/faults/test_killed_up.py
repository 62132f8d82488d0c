"""`pulumi up` is killed, so that it can neither tell nor write down anything more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.faults.conftest import Watched, converged
from tests.conftest import NewProgram
from tests.support.withheld import withheld

if TYPE_CHECKING:
    from devcluster import DevCluster

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("operator")]

LOCKED = "the stack is currently locked"


def test_while_it_waits(sleeper: NewProgram, watched: Watched) -> None:
    stack = sleeper(seconds=60)
    waiting = stack.start("up", "--yes", "--skip-preview")
    before = watched.running()
    waiting.kill()
    assert LOCKED in stack.up().output
    stack.run("cancel", "--yes").check()
    stack.up().check()
    assert watched.now() == before
    assert stack.outputs()["status"]["phase"] == "Succeeded"
    stack.refresh("--clear-pending-creates").check()
    converged(stack)
    stack.destroy().check()
    assert not watched.jobs()


@pytest.mark.parametrize("wait", ["accepted", "finished"])
def test_when_the_job_is_made_and_not_yet_in_the_state(
    sleeper: NewProgram, watched: Watched, cluster: DevCluster, tmp_path: Path, wait: str
) -> None:
    stack = sleeper(seconds=40, wait=wait)
    with withheld(cluster.kubeconfig, "/pytorchjobs") as way:
        config = tmp_path / "withheld"
        config.write_text(json.dumps(way.kubeconfig))
        stack.env["KUBECONFIG"] = str(config)
        process = stack.start("up", "--yes", "--skip-preview")
        assert way.done.wait(120), process.output
        process.kill()
    stack.env["KUBECONFIG"] = str(cluster.kubeconfig)
    before = watched.running()
    made = {resource["type"] for resource in stack.resources()}
    assert "kubernetes:kubeflow.org/v1:PyTorchJob" not in made
    stack.run("cancel", "--yes").check()
    stack.up().check()
    assert watched.now() == before
    (_job,) = watched.jobs()
    stack.refresh("--clear-pending-creates").check()
    converged(stack)
    stack.destroy().check()
    assert not watched.jobs()
