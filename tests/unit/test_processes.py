"""Programs that tests start beside themselves."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import Processes

STARTS = """
import sys, time
from pathlib import Path
from tests.support.processes import Processes

with Processes(Path(sys.argv[1])) as processes:
    processes.start("sleep", ["sleep", "600"])
    print(processes.running["sleep"].pid, flush=True)
    time.sleep(600)
"""


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not runs(pid)


def test_they_end_with_the_block(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("sleep", ["sleep", "600"])
        pid = processes.running["sleep"].pid
        assert runs(pid)
    assert not runs(pid)


def test_they_end_with_the_program_that_started_them_when_it_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", STARTS, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    assert ends(pid)


def test_one_that_ended_is_told_of_with_what_it_said(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("liar", ["sh", "-c", "echo no such port; exit 3"])
        processes.running["liar"].wait()
        with pytest.raises(AssertionError, match=r"liar ended with 3:\nno such port"):
            processes.check()
