"""Pods that are stopped resume where they saved; a run that has finished stays finished."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from images.runtime.trainstack_runtime.outcome import Success
from images.runtime.trainstack_runtime.run_folder import RunFolder
from tests.support.s3 import KEYS, S3, s3_server

from .pods import Pod, Pods
from .programs import COUNTS, COUNTS_TOGETHER
from .torch_python import ROOT

WITH_BOTO3 = os.pathsep.join((str(ROOT / "images/runtime"), str(Path(boto3.__file__).parents[1])))


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["volume", pytest.param("bucket", marks=pytest.mark.slow)])
def env(
    request: pytest.FixtureRequest, pods: Pods, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    run = {"TRAINSTACK_RUN": "digits", "TRAINSTACK_VERSION": "v1"}
    if request.param == "volume":
        return {**run, "TRAINSTACK_CHECKPOINT_FOLDER": str(pods.folder / "volume")}
    return {**run, **s3.env(pods.folder / "pod", pods.folder.name), "PYTHONPATH": WITH_BOTO3}


def begun(pod: Pod) -> int:
    return int(re.findall(r"begins at (\d+)", pod.says("begins at"))[-1])


def saved_on_request(pod: Pod) -> None:
    pod.says("begins at")
    pod.send(signal.SIGTERM)
    assert pod.wait() == 143, pod.output
    assert pod.message["status"] == "stopped"


def test_a_stopped_pod_resumes_at_the_saved_step(pods: Pods, env: dict[str, str]) -> None:
    script = pods.script(COUNTS)
    saved_on_request(pods.single(script, "1000000", **env))
    second = pods.single(script, "1000000", **env)
    first = begun(second)
    assert first % 50
    saved_on_request(second)
    third = pods.single(script, "0", **env)
    assert third.wait() == 0, third.output
    assert third.message["result"]["first"] >= first > 0


def test_a_finished_run_trains_nothing_and_gives_its_result(
    pods: Pods, env: dict[str, str]
) -> None:
    script = pods.script(COUNTS)
    first = pods.single(script, "3", **env)
    assert first.wait() == 0, first.output
    said = first.message
    assert said["result"] == {"first": 0, "step": 3}

    script.unlink()
    again = pods.single(script, "3", **env)
    assert again.wait() == 0, again.output
    assert again.message == said
    assert "digits/v1 has finished: nothing is trained" in again.output

    script = pods.script(COUNTS)
    attempt = pods.single(script, "3", **{**env, "TRAINSTACK_VERSION": "v1-a2"})
    assert attempt.wait() == 0, attempt.output
    assert attempt.message["result"] == {"first": 0, "step": 3}
    assert "begins at 0" in attempt.output


def test_a_failed_run_is_not_finished(pods: Pods, env: dict[str, str]) -> None:
    pod = pods.single(pods.script("1 / 0\n"), **env)
    assert pod.wait() == 1
    pod = pods.single(pods.script(COUNTS), "3", **env)
    assert pod.wait() == 0
    assert pod.message["result"] == {"first": 0, "step": 3}


def test_storage_that_cannot_be_read_is_worth_another_try(pods: Pods) -> None:
    volume = pods.folder / "volume"
    volume.write_text("no folder")
    pod = pods.single(pods.script(""), TRAINSTACK_CHECKPOINT_FOLDER=str(volume))
    assert pod.wait() == 200, pod.output
    assert pod.message["error"].startswith("the checkpoints cannot be read: ")


def test_what_cannot_be_resumed_is_the_runs_error(pods: Pods, env: dict[str, str]) -> None:
    said = {**env, "TRAINSTACK_CHECKPOINT_RESUME_FROM": "v0"}
    pod = pods.single(pods.script(""), **said)
    assert pod.wait() == 1
    assert pod.message["error"] == (
        "ValueError: checkpoint.resume_from: there is no complete checkpoint of digits/v0"
    )


@pytest.mark.slow
def test_an_elastic_run_goes_on_where_rank_0_saved(pods: Pods, env: dict[str, str]) -> None:
    words = ("--script", str(pods.script(COUNTS_TOGETHER)), "--", "400")
    store = pods.store()
    agents = [pods.agent(name, *words, PET_MAX_RESTARTS="3", **env) for name in ("a", "b")]
    for agent in agents:
        agent.says("begins at 0")
    (zero,) = (agent for agent in agents if "rank 0 begins" in agent.output)
    zero.send(signal.SIGTERM)
    assert zero.wait() == 143, zero.output
    third = pods.agent("c", *words, PET_MAX_RESTARTS="3", **env)
    assert store.wait() == 0, "\n".join(agent.output for agent in (*agents, third))
    said = store.message["result"]
    assert said["step"] == 400
    assert 0 < said["first"] < 400


def finished(env: dict[str, str]) -> dict[str, Any]:
    """The version has ended well; gives what its pods then say."""
    run, success = RunFolder.from_env(env), Success(2, 2, 1, 3.5, {"step": 3}, decks=["a", "b"])
    assert run is not None
    run.finish(success)
    said: dict[str, Any] = json.loads(success.message())
    return said


def test_every_pod_of_a_finished_elastic_run_ends_well(pods: Pods, env: dict[str, str]) -> None:
    said = finished(env)
    words = ("--script", str(pods.folder / "absent.py"), "--")
    store = pods.start("store", "store", env={"PET_RDZV_ENDPOINT": f"0.0.0.0:{pods.port}", **env})
    agents = [pods.agent(name, *words, **env) for name in ("a", "b")]
    for pod in (store, *agents):
        assert pod.wait() == 0, pod.output
        assert pod.message == said


@pytest.mark.slow
def test_a_store_that_is_still_there_hears_of_the_end(pods: Pods, env: dict[str, str]) -> None:
    said = finished(env)
    store = pods.store()
    store.says("rendezvous store on port")
    agent = pods.agent("a", "--script", str(pods.folder / "absent.py"), "--", **env)
    assert agent.wait() == 0, agent.output
    assert store.wait() == 0
    assert store.message["result"] == said["result"]


def test_every_pod_of_finished_fixed_nodes_ends_well(pods: Pods, env: dict[str, str]) -> None:
    said = finished(env)
    for rank in (1, 0):
        pod = pods.ranked(rank, pods.folder / "absent.py", 2, **env)
        assert pod.wait() == 0, pod.output
        assert pod.message == said


def test_the_launcher_of_a_finished_mpi_run_ends_well(pods: Pods, env: dict[str, str]) -> None:
    said = finished(env)
    pod = pods.start("launcher", "mpi", "--script", "absent.py", "--", env=env)
    assert pod.wait() == 0, pod.output
    assert pod.message == said


def test_decks_and_large_results_are_kept_beside_the_checkpoints(
    pods: Pods, env: dict[str, str], s3: S3
) -> None:
    source = (
        "from trainstack_runtime import deck\ndef main():\n    deck('<p>')\n    return b'raw'\n"
    )
    pods.script(source)
    root = Path(env["TRAINSTACK_CHECKPOINT_FOLDER"])
    address = env.get("TRAINSTACK_CHECKPOINT_URL", "pvc://runs") + "/digits/v1/artifacts"
    kept = {
        "TRAINSTACK_ARTIFACTS": str(root / "digits/v1/artifacts"),
        "TRAINSTACK_ARTIFACTS_ADDRESS": address,
    }
    words = ("torch", "--function", "train.py:main", "--")
    pod = pods.start("single", *words, env={**env, **kept})
    assert pod.wait() == 0, pod.output
    assert pod.message["result"] == f"{address}/result.bin"
    assert pod.message["decks"] == [f"{address}/decks", "deck"]
    if "TRAINSTACK_CHECKPOINT_URL" in env:
        name = f"{pods.folder.name}/digits/v1/artifacts/result.bin"
        assert s3.client.get_object(Bucket="runs", Key=name)["Body"].read() == b"raw"
    else:
        assert (root / "digits/v1/artifacts/result.bin").read_bytes() == b"raw"
        assert json.loads((root / "digits/v1/finished.json").read_text())["result"] == (
            f"{address}/result.bin"
        )
