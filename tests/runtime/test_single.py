"""One pod: programs, their results, and how they fail."""

from __future__ import annotations

import json
import signal

import pytest

from images.runtime.trainstack_runtime.cpus import threads

from .pods import Pods
from .programs import ALL_REDUCE, LOOKS_AROUND, ONE_FAILS

METHODS = pytest.mark.parametrize("method", ["spawn", "fork"])


@METHODS
def test_the_result_of_two_ranks(pods: Pods, method: str) -> None:
    pod = pods.single(
        pods.script(ALL_REDUCE), PET_NPROC_PER_NODE="2", TRAINSTACK_START_METHOD=method
    )
    assert pod.wait() == 0, pod.output
    said = pod.message
    assert said.pop("duration") > 0
    assert said == {
        "status": "succeeded",
        "exit_code": 0,
        "result": {"sum": 2.0, "restarts": "0"},
        "world_size": 2,
        "nodes": 1,
        "restarts": 0,
    }
    lines = [json.loads(line) for line in pod.output.splitlines() if line.startswith("{")]
    met, progress = lines
    assert met["time"] > met.pop("seconds") > 0
    assert met == {
        "trainstack": "event",
        "event": "round",
        "time": met["time"],
        "round": 0,
        "reason": "start",
        "node": 0,
        "nodes": 1,
        "world_size": 2,
        "restarts": 0,
    }
    assert progress == {"trainstack": "progress", "step": 1, "total": 1, "sum": 2.0}


@METHODS
def test_a_program_finds_what_python_would_give_it(pods: Pods, method: str) -> None:
    script = pods.script(LOOKS_AROUND, "src/look.py")
    pod = pods.single(script, "--lr=0.1", "$HOME", "--", "$$", TRAINSTACK_START_METHOD=method)
    assert pod.wait() == 0, pod.output
    assert "at exit" in pod.output
    assert pod.message["result"] == {
        "argv": [str(script), "--lr=0.1", "$HOME", "--", "$$"],
        "file": str(script),
        "path": str(script.parent),
        "name": "__main__",
        "main": True,
        "process": "MainProcess",
        "threads": str(threads(1)),
        "torch_before_us": method == "fork",
    }


@METHODS
def test_each_rank_keeps_a_log_of_its_attempts(pods: Pods, method: str) -> None:
    source = """\
import os, sys, time
rank, restart = os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]
print(f"out {rank} {restart}")
os.system(f"echo child {rank} {restart}")
if restart == "0":
    if rank == "0":
        time.sleep(600)
    raise ValueError("deliberate")
print(f"err {rank} {restart}", file=sys.stderr)
"""
    logs = pods.folder / "logs"
    pod = pods.single(
        pods.script(source),
        PET_NPROC_PER_NODE="2",
        PET_MAX_RESTARTS="1",
        TRAINSTACK_LOG_DIR=str(logs),
        TRAINSTACK_START_METHOD=method,
    )
    assert pod.wait() == 0, pod.output
    for rank in (0, 1):
        log = (logs / f"test-1/rank-{rank}.log").read_text()
        second = log[log.index(f"rank {rank} of 2 on node 0, restart 1, ") :]
        for said in (f"out {rank} 1\n", f"child {rank} 1\n", f"err {rank} 1\n"):
            assert said in second
            assert said.strip() in pod.output
    first = log[: log.index("restart 1, ")]
    assert first.startswith("trainstack: rank 1 of 2 on node 0, restart 0, ")
    assert "ValueError: deliberate" in first


@METHODS
@pytest.mark.parametrize(("env", "seconds"), [({}, 600), ({"TRAINSTACK_PG_TIMEOUT": "90"}, 90)])
def test_collectives_wait_as_long_as_the_run_says(
    pods: Pods, method: str, env: dict[str, str], seconds: float
) -> None:
    source = """\
import torch, torch.distributed as dist
from datetime import timedelta
from trainstack_runtime import result
waits = []
for own in ({}, {"timeout": timedelta(seconds=7)}):
    dist.init_process_group("gloo", **own)
    backend = dist.group.WORLD._get_backend(torch.device("cpu"))
    waits.append(backend.options._timeout.total_seconds())
    dist.destroy_process_group()
result(waits=waits)
"""
    pod = pods.single(pods.script(source), TRAINSTACK_START_METHOD=method, **env)
    assert pod.wait() == 0, pod.output
    assert pod.message["result"] == {"waits": [seconds, 7]}


@METHODS
def test_a_module_runs_as_with_python_m(pods: Pods, method: str) -> None:
    pods.script("", "pkg/__init__.py")
    pods.script("VALUE = 3", "pkg/other.py")
    source = "from . import other\nfrom trainstack_runtime import result\n"
    pods.script(
        source + "result(value=other.VALUE, name=__name__, spec=__spec__.name)", "pkg/go.py"
    )
    pod = pods.start(
        "single", "torch", "--module", "pkg.go", "--", env={"TRAINSTACK_START_METHOD": method}
    )
    assert pod.wait() == 0, pod.output
    assert pod.message["result"] == {"value": 3, "name": "__main__", "spec": "pkg.go"}


@METHODS
def test_an_exception_shows_the_users_own_lines(pods: Pods, method: str) -> None:
    pod = pods.single(
        pods.script(ONE_FAILS), PET_NPROC_PER_NODE="2", TRAINSTACK_START_METHOD=method
    )
    assert pod.wait() == 1
    said = pod.message
    assert (said["status"], said["exit_code"], said["reason"]) == ("failed", 1, "exception")
    assert (said["rank"], said["node"], said["restarts"]) == (1, 0, 0)
    assert said["error"] == "ValueError: the learning rate is negative"
    assert said["location"] == (
        'train.py:6 in main: raise ValueError("the learning rate is negative")'
    )
    assert said["traceback"][0] == "Traceback (most recent call last):"
    shown = "\n".join(said["traceback"])
    assert "runpy" not in shown
    assert "trainstack_runtime" not in shown
    assert pod.output.count("ValueError: the learning rate is negative") == 2
    assert pod.output.count('raise ValueError("the learning rate is negative")') == 2
    assert "torch/distributed/elastic" not in pod.output


def test_a_syntax_error_is_the_programs(pods: Pods) -> None:
    pod = pods.single(pods.script("x = 1\nif x\n    pass\n"))
    assert pod.wait() == 1
    assert pod.message["location"] == "train.py:2: if x"
    assert pod.message["error"] == "SyntaxError: expected ':'"


@METHODS
@pytest.mark.parametrize(
    ("source", "exit_code", "error"),
    [
        ("import sys; sys.exit(3)", 3, "the program ended itself with exit code 3"),
        ("import sys; sys.exit('no data')", 1, "the program ended itself: no data"),
        ("import os; os._exit(4)", 4, "the program ended itself with exit code 4"),
    ],
)
def test_an_exit_code(pods: Pods, method: str, source: str, exit_code: int, error: str) -> None:
    pod = pods.single(pods.script(source), TRAINSTACK_START_METHOD=method)
    assert pod.wait() == 1
    said = pod.message
    assert (said["reason"], said["exit_code"], said["error"]) == ("exit", exit_code, error)


@METHODS
def test_exit_code_zero_is_success(pods: Pods, method: str) -> None:
    source = "import sys\nfrom trainstack_runtime import result\nresult(a=1)\nsys.exit()"
    pod = pods.single(pods.script(source), TRAINSTACK_START_METHOD=method)
    assert pod.wait() == 0
    assert pod.message["result"] == {"a": 1}


@METHODS
def test_a_segmentation_fault_tells_its_line(pods: Pods, method: str) -> None:
    source = "import ctypes\n\ndef main():\n    ctypes.string_at(0)\n\nmain()\n"
    pod = pods.single(pods.script(source), TRAINSTACK_START_METHOD=method)
    assert pod.wait() == 1
    said = pod.message
    assert (said["reason"], said["exit_code"]) == ("signal", 128 + signal.SIGSEGV)
    assert said["error"].startswith("killed by SIGSEGV")
    assert said["location"] == "train.py:4 in main: ctypes.string_at(0)"
    assert "ctypes.string_at(0)" in pod.output


def test_a_kill_is_explained(pods: Pods) -> None:
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    pod = pods.single(pods.script(source))
    assert pod.wait() == 1
    assert pod.message["error"].startswith("killed by SIGKILL (often the kernel")
    assert "killed by SIGKILL" in pod.output


def test_a_missing_script_is_named(pods: Pods) -> None:
    pod = pods.single(pods.folder / "absent.py")
    assert pod.wait() == 1
    assert "absent.py" in pod.message["error"]


def test_contradicting_settings_are_one_line(pods: Pods) -> None:
    pod = pods.single(pods.script(""), PET_NNODES="2")
    assert pod.wait() == 2
    assert pod.output == (
        "trainstack: PET_NNODES=2, and nothing says where the nodes meet: "
        "set PET_RDZV_ENDPOINT, or PET_MASTER_ADDR and PET_MASTER_PORT\n"
    )
