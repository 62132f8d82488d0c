"""Which part a pod of a TFJob has, as TF_CONFIG tells."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest

from images.runtime.trainstack_runtime.settings import SettingsError
from images.runtime.trainstack_runtime.tfconfig import Task
from images.runtime.trainstack_runtime.tfjob import environment, meet, serve

RUNTIME = Path(__file__).parents[3] / "images" / "runtime"
SERVED = {"chief": ["c:1"], "evaluator": ["e:1"], "ps": ["p:1"], "worker": ["w0:1", "w1:1"]}
AVERAGED = {"evaluator": ["e:1"], "worker": ["w0:1", "w1:1"]}


def task(cluster: dict[str, list[str]], kind: str, index: int = 0) -> Task:
    said = {"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"}
    return Task.from_env({"TF_CONFIG": json.dumps(said)})


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "expected"),
    [
        (SERVED, "chief", 0, (False, 0, 2, 4, ["p:1", "w0:1", "w1:1"])),
        (SERVED, "ps", 0, (True, 1, 2, 4, [])),
        (SERVED, "worker", 1, (True, 2, 2, 4, [])),
        (SERVED, "evaluator", 0, (False, 4, 2, 4, [])),
        (AVERAGED, "worker", 0, (False, 0, 2, 2, ["w1:1"])),
        (AVERAGED, "worker", 1, (False, 1, 2, 2, ["w0:1"])),
        (AVERAGED, "evaluator", 0, (False, 2, 2, 2, [])),
        ({"chief": ["c:1"], "worker": ["w:1"]}, "worker", 0, (False, 1, 2, 2, ["c:1"])),
    ],
)
def test_parts(
    cluster: dict[str, list[str]], kind: str, index: int, expected: tuple[object, ...]
) -> None:
    found = task(cluster, kind, index)
    part = (found.serves, found.rank, found.world_size, found.nodes, found.peers)
    assert part == expected


def test_a_pod_alone_has_no_config() -> None:
    assert (Task.from_env({}).rank, Task.from_env({}).world_size) == (0, 1)
    assert "TF_CONFIG" not in environment(Task.from_env({}))


def test_the_evaluator_is_no_part_of_the_programs_cluster() -> None:
    for kind in ("chief", "evaluator"):
        config = json.loads(environment(task(SERVED, kind))["TF_CONFIG"])
        assert config["cluster"] == {k: v for k, v in SERVED.items() if k != "evaluator"}
        assert config["task"] == {"type": kind, "index": 0}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"cluster": {}}',
        '{"cluster": {"worker": ["w:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["w:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_bad_configs(text: str) -> None:
    with pytest.raises(SettingsError, match="TF_CONFIG: "):
        Task.from_env({"TF_CONFIG": text})


def test_a_missing_peer_is_named() -> None:
    lonely = task({"worker": ["localhost:1", "nobody.invalid:1"]}, "worker")
    with pytest.raises(TimeoutError, match=r"nobody\.invalid:1"):
        meet(lonely, 0.2)


@pytest.mark.parametrize(
    ("program", "code", "expected"),
    [
        (
            "from trainstack_runtime import result\nresult(accuracy=0.5)",
            0,
            {"status": "succeeded", "result": {"accuracy": 0.5}, "world_size": 1},
        ),
        (
            "raise ValueError('bug')",
            1,
            {"status": "failed", "error": "ValueError: bug", "rank": 0},
        ),
        ("import os; os._exit(7)", 1, {"status": "failed", "reason": "exit", "exit_code": 7}),
        (
            "import os; os.kill(os.getpid(), 9)",
            1,
            {"status": "failed", "reason": "signal", "exit_code": 137},
        ),
        (
            "from trainstack_runtime import RecoverableError\nraise RecoverableError('later')",
            204,
            {"status": "failed", "reason": "exception"},
        ),
        (
            "from trainstack_runtime.root import StorageError\nraise StorageError('SlowDown')",
            204,
            {"status": "failed", "reason": "exception"},
        ),
    ],
)
def test_a_pod_alone_runs_the_program(
    tmp_path: Path, program: str, code: int, expected: dict[str, object]
) -> None:
    (tmp_path / "train.py").write_text(program)
    message = tmp_path / "message"
    done = subprocess.run(
        [sys.executable, "-m", "trainstack_runtime", "tensorflow", "--script", "train.py", "--"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(RUNTIME),
            "TRAINSTACK_TERMINATION_MESSAGE": str(message),
        },
        check=False,
    )
    assert done.returncode == code
    said = json.loads(message.read_text())
    assert {key: said[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("env", "error"),
    [
        (
            {"TRAINSTACK_CHECKPOINT_URL": "s3://runs/team", "TRAINSTACK_CHECKPOINT_REGION": "x"},
            "the checkpoints cannot be read: s3://runs/team/run/local/finished.json: "
            "Unable to locate credentials",
        ),
        (
            {"TRAINSTACK_CHECKPOINT_KEEP": "some"},
            "the checkpoints cannot be read: invalid literal for int() with base 10: 'some'",
        ),
    ],
)
def test_storage_that_no_retry_makes_usable_is_the_jobs_mistake(
    tmp_path: Path, env: dict[str, str], error: str
) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    own = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(RUNTIME),
        "TRAINSTACK_CHECKPOINT_FOLDER": str(tmp_path),
        "TRAINSTACK_TERMINATION_MESSAGE": str(tmp_path / "message"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "trainstack_runtime", "tensorflow", "--script", "train.py", "--"],
        env={**kept, **own, **env},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"trainstack: {error}\n"
    said = json.loads((tmp_path / "message").read_text())
    assert (said["reason"], said["error"]) == ("storage", error)


def test_a_server_serves_as_long_as_the_pod_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    servers: list[weakref.ref[Server]] = []

    class Server:
        target = "grpc://localhost:1"

        def __init__(self, *args: object, **rest: object) -> None:
            servers.append(weakref.ref(self))

    class EndedError(Exception):
        pass

    def pause() -> None:
        gc.collect()
        assert servers[0]() is not None
        raise EndedError

    tensorflow = SimpleNamespace(
        compat=SimpleNamespace(v1=SimpleNamespace(ConfigProto=SimpleNamespace)),
        distribute=SimpleNamespace(Server=Server),
        train=SimpleNamespace(ClusterSpec=dict),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    monkeypatch.setattr("signal.pause", pause)
    with pytest.raises(EndedError):
        serve(task(SERVED, "ps"))
