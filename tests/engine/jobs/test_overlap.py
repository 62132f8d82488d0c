"""With `on_change="overlap"` the old run is deleted once the new one runs, and not before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import NewProgram
from tests.support.api_server import api_server, items
from tests.support.looks import PYTORCHJOB, condition, job

SOURCE = """
import pulumi
import trainstack as ts

job = ts.ElasticJob("run", {{
    "image": "registry.example/digits:1",
    "namespace": "team",
    "program": {{"script": "train.py"}},
    "nnodes": 2,
    "on_change": "overlap",
    "wait": "running",
    "hyperparameters": {{"lr": {lr}}},
}})
pulumi.export("job_name", job.job_name)
"""
JOBS = "/apis/kubeflow.org/v1/namespaces/team/pytorchjobs"
PODS = "/api/v1/namespaces/team/pods"
EVENTS = "/api/v1/namespaces/team/events"


def wait_for(look: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 240
    while not look():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.25)


def test_the_old_run_is_deleted_once_the_new_one_runs(
    offline_program: NewProgram, tmp_path: Path
) -> None:
    with api_server() as cluster:
        kubeconfig = tmp_path / "kubeconfig.json"
        kubeconfig.write_text(json.dumps(cluster.kubeconfig))
        stack = offline_program(
            SOURCE.format(lr=0.1),
            config={"kubernetes:renderYamlToDirectory": "rendered"},
            env={"KUBECONFIG": str(kubeconfig)},
        )
        stack.write("train.py", "print('hello')\n")

        def there() -> set[str]:
            """The job objects that the provider has written and not deleted."""
            files = stack.folder.glob("rendered/1-manifest/*pytorchjob-*")
            return {file.stem.partition("-team-")[2] for file in files}

        def planned() -> str:
            steps = stack.preview(json=True).check().json["steps"]
            made = [step["newState"].get("inputs", {}) for step in steps if "newState" in step]
            names = [
                said["metadata"]["name"]
                for said in made
                if "pytorchReplicaSpecs" in said.get("spec", {})
            ]
            return str(names[-1])

        def show(name: str, state: str) -> None:
            found = job(PYTORCHJOB, {"conditions": [condition(state)]})
            found["metadata"]["name"] = name
            cluster.answers = {f"{JOBS}/{name}": found, PODS: items(), EVENTS: items()}

        first = planned()
        show(first, "Running")
        stack.up().check()
        assert there() == {first}

        stack.use(SOURCE.format(lr=0.2))
        second = planned()
        show(second, "Created")
        process = stack.start("up", "--yes", "--skip-preview")
        wait_for(lambda: f"{JOBS}/{second}" in dict(cluster.asked), "waiting for the new run")
        assert there() == {first, second}
        show(second, "Running")
        process.wait(240).check()
        assert there() == {second}
        assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
