"""The launcher of an MPI job, with a stand-in for mpirun that starts its ranks on this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from images.runtime.trainstack_runtime import mpirun
from images.runtime.trainstack_runtime.hostfile import Host, read_hosts
from images.runtime.trainstack_runtime.rank import torch_names
from images.runtime.trainstack_runtime.settings import SettingsError
from images.runtime.trainstack_runtime.ssh import Ssh, unsayable

# Ranks 0 and 1 are told that they are on host "localhost", the others on "127".
MPIRUN = """
import json, os, subprocess, sys
words = sys.argv[1:]
ranks = int(words[words.index("-np") + 1])
program = words[words.index("-m") + 2:]
hosts = json.loads(os.environ["FAKE_HOSTS"])
start = (
    "import runpy, socket, sys; host = sys.argv.pop(1); socket.gethostname = lambda: host; "
    "sys.argv[0] = 'rank'; runpy.run_module('trainstack_runtime.rank', run_name='__main__')"
)
running = [
    subprocess.Popen(
        [sys.executable, "-c", start, hosts[rank], *program],
        env={
            **os.environ,
            "OMPI_COMM_WORLD_RANK": str(rank),
            "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % 2),
            "OMPI_COMM_WORLD_SIZE": str(ranks),
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        },
    )
    for rank in range(ranks)
]
codes = [process.wait() for process in running]
sys.exit(next((abs(code) for code in codes if code), 0))
"""
TWO_HOSTS = ["localhost", "localhost", "127", "127"]


@dataclass
class Verdict:
    code: int
    message: dict[str, Any]
    log: str


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a launcher pod's process."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "mpirun").write_text(f"#!{sys.executable}\n{MPIRUN}")
    (tools / "mpirun").chmod(0o755)
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "id_rsa").write_text("key")
    (tmp_path / "hostfile").write_text("localhost slots=2\n127.0.0.1 slots=2\n")
    server = socket.create_server(("127.0.0.1", 0))

    def start(program: str, hosts: list[str] | None = None) -> subprocess.Popen[str]:
        (tmp_path / "train.py").write_text(program)
        process = subprocess.Popen(
            [sys.executable, "-m", "trainstack_runtime", "mpi", "--script", "train.py", "--", "x"],
            cwd=tmp_path,
            env={
                **os.environ,
                "FAKE_HOSTS": json.dumps(hosts or TWO_HOSTS),
                "PATH": f"{tools}:{os.environ['PATH']}",
                "PYTHONPATH": str(Path(__file__).parents[3] / "images" / "runtime"),
                "TRAINSTACK_GRACE_SECONDS": "15",
                "TRAINSTACK_MPI_HOSTFILE": str(tmp_path / "hostfile"),
                "TRAINSTACK_MPI_NP": "4",
                "TRAINSTACK_SSH_KEYS": str(keys),
                "TRAINSTACK_SSH_PORT": str(server.getsockname()[1]),
                "TRAINSTACK_TERMINATION_MESSAGE": str(tmp_path / "message"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    started: list[subprocess.Popen[str]] = []
    yield start
    for process in started:
        process.kill()
        process.communicate()
    server.close()


@pytest.fixture
def launched(pod: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> Callable[..., Verdict]:
    """Runs a launcher pod to its end."""

    def run(program: str, hosts: list[str] | None = None) -> Verdict:
        process = pod(program, hosts)
        log, _ = process.communicate(timeout=60)
        return Verdict(process.returncode, json.loads((tmp_path / "message").read_text()), log)

    return run


def test_the_result_is_rank_zeros(launched: Callable[..., Verdict]) -> None:
    verdict = launched("""
import os, sys
from trainstack_runtime import result
names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK")
result(place=[os.environ[name] for name in names], words=sys.argv[1:])
""")
    assert verdict.code == 0
    assert verdict.message.pop("duration") > 0
    assert verdict.message == {
        "status": "succeeded",
        "exit_code": 0,
        "result": {"place": ["0", "0", "4", "2", "0"], "words": ["x"]},
        "world_size": 4,
        "nodes": 2,
        "restarts": 0,
    }


def test_the_first_failing_ranks_own_traceback(launched: Callable[..., Verdict]) -> None:
    verdict = launched("""
import os, time
if os.environ["RANK"] == "2":
    raise ValueError("no luck")
time.sleep(1)
raise SystemExit("peer lost")
""")
    assert verdict.code == 1
    assert {key: verdict.message[key] for key in ("reason", "rank", "node", "error")} == {
        "reason": "exception",
        "rank": 2,
        "node": 1,
        "error": "ValueError: no luck",
    }
    assert verdict.message["location"].startswith("train.py:4 in <module>: raise ValueError")


def test_ranks_in_the_wrong_place_never_begin(launched: Callable[..., Verdict]) -> None:
    verdict = launched("print('began')", hosts=["launcher"] * 4)
    assert verdict.code == 1
    assert "began" not in verdict.log
    assert verdict.message["reason"] == "placement"
    assert verdict.message["error"].startswith(
        "the ranks run on launcher (4), but the hostfile says 127 (2), localhost (2): "
    )


def test_a_rank_that_dies_without_a_word(launched: Callable[..., Verdict]) -> None:
    verdict = launched("""
import os, signal, time
if os.environ["RANK"] == "3":
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(1)
""")
    assert verdict.code == 1
    assert (verdict.message["reason"], verdict.message["rank"]) == ("signal", 3)
    assert verdict.message["error"].startswith("the process on 127 died without a word")


def test_sigterm_lets_every_rank_save(
    pod: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = pod(f"""
import os, time, pathlib
from trainstack_runtime import stop_requested
folder = pathlib.Path({str(tmp_path)!r})
stop_requested()
(folder / f"began-{{os.environ['RANK']}}").touch()
while not stop_requested():
    time.sleep(0.05)
(folder / f"saved-{{os.environ['RANK']}}").touch()
""")
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("began-*"))) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert len(list(tmp_path.glob("saved-*"))) == 4
    assert json.loads((tmp_path / "message").read_text())["status"] == "stopped"


def test_ranks_that_a_workers_end_has_stopped_have_not_succeeded(
    launched: Callable[..., Verdict],
) -> None:
    verdict = launched("""
import os, signal
from trainstack_runtime import stop_requested
stop_requested()
os.kill(os.getpid(), signal.SIGTERM)
assert stop_requested()
""")
    assert verdict.code == 1
    assert (verdict.message["status"], verdict.message["error"]) == ("failed", "stopped by SIGTERM")


def test_a_new_launcher_resumes_and_a_finished_run_is_not_launched(
    launched: Callable[..., Verdict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINSTACK_CHECKPOINT_FOLDER", str(tmp_path / "volume"))
    program = """
import os
from trainstack_runtime import result, resume_folder, save_folder
folder = resume_folder()
if folder is None:
    with save_folder(7, sharded=True) as folder:
        (folder / os.environ["RANK"]).touch()
    raise SystemExit("lost")
result(parts=sorted(os.listdir(folder)))
"""
    assert launched(program).code == 1
    second = launched(program)
    assert second.code == 0, second.log
    assert second.message["result"] == {"parts": ["0", "1", "2", "3"]}
    third = launched("1 / 0")
    assert (third.code, third.message) == (0, second.message)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("a.job.ns.svc slots=2\nb slots=1\n", [Host("a.job.ns.svc", 2), Host("b", 1)]),
        ("a.job:4\n# nobody\n\nb\n", [Host("a.job", 4), Host("b", 1)]),
    ],
)
def test_hostfiles(tmp_path: Path, text: str, hosts: list[Host]) -> None:
    (tmp_path / "hostfile").write_text(text)
    assert read_hosts(tmp_path / "hostfile") == hosts
    assert hosts[0].short == "a"


@pytest.mark.parametrize(("text", "message"), [("a b c", "got 'a b c'"), ("# a", "no host in it")])
def test_bad_hostfiles(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "hostfile").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_hosts(tmp_path / "hostfile")


@pytest.mark.parametrize(
    ("implementation", "words"),
    [
        (
            "OpenMPI",
            "mpirun --hostfile /h -np 4 --map-by slot --bind-to none --mca btl ^openib -x A p q",
        ),
        (
            "Intel",
            "mpiexec.hydra -f /h -n 4 -ppn 2 -launcher ssh -genv A 1 -localhost 10.0.0.1 p q",
        ),
        ("MPICH", "mpiexec.hydra -f /h -n 4 -ppn 2 -launcher ssh -genv A 1 p q"),
    ],
)
def test_launch_commands(implementation: str, words: str) -> None:
    command = mpirun.command(
        implementation,
        hostfile=Path("/h"),
        ranks=4,
        slots=2,
        address="10.0.0.1",
        passed={"A": "1"},
        program=["p", "q"],
    )
    assert " ".join(command) == words


@pytest.mark.parametrize(
    ("implementation", "names"),
    [
        ("OpenMPI", {"OMPI_MCA_plm_rsh_args", "PRTE_MCA_plm_ssh_args"}),
        ("Intel", {"I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS"}),
        ("MPICH", {"HYDRA_LAUNCHER_EXTRA_ARGS", "HYDRA_LAUNCH_EXTRA_ARGS"}),
    ],
)
def test_every_implementation_is_told_our_ssh_settings(
    implementation: str, names: set[str]
) -> None:
    env = mpirun.environment(implementation, hostfile=Path("/h"), ssh_config=Path("/c"))
    assert {name for name, value in env.items() if value == "-F /c"} == names


def test_names_of_ranks() -> None:
    both = {"OMPI_COMM_WORLD_RANK": "1", "HOROVOD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}
    assert torch_names(both) == {"RANK": "2", "WORLD_SIZE": "4"}


def test_the_ssh_server_passes_the_pods_environment_on(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "authorized_keys").write_text("key")
    env = {"A": 'say "hi" \\ o', "B": "two words", "HOME": "/root", "LINES": "a\nb"}
    config = Ssh(keys, 2200).write_server(tmp_path, tmp_path / "host", env)
    lines = config.read_text().splitlines()
    assert r'SetEnv "A=say \"hi\" \\ o" "B=two words"' in lines
    assert "Port 2200" in lines
    assert unsayable(env) == ["LINES"]
    assert config.stat().st_mode & 0o777 == 0o600


def test_keys_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"TRAINSTACK_SSH_KEYS: .*/id_rsa: No such file"):
        Ssh(tmp_path).write_client(tmp_path)
