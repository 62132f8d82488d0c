"""Records of processes, and the groups that hold them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devcluster.process import Record, start


@pytest.fixture
def sleeper() -> Iterator[Record]:
    process = subprocess.Popen(["sleep", "60"])
    yield Record.of(process.pid)
    process.kill()
    process.wait()


def test_a_record_is_read_back(sleeper: Record, tmp_path: Path) -> None:
    sleeper.save(tmp_path / "one.json")
    assert Record.load(tmp_path / "one.json") == sleeper


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', "null"])
def test_a_broken_record_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.json").write_text(text)
    assert Record.load(tmp_path / "one.json") is None
    assert Record.load(tmp_path / "missing.json") is None


def test_a_living_process_tells_its_age_and_memory(sleeper: Record) -> None:
    assert sleeper.alive
    assert abs(sleeper.since - time.time()) < 5
    assert sleeper.memory > 0


def test_a_recycled_number_is_not_ours(sleeper: Record) -> None:
    other = replace(sleeper, started=sleeper.started + 1)
    assert not other.alive
    other.stop(0.1)
    assert sleeper.alive


def test_a_number_from_before_a_reboot_is_not_ours(sleeper: Record) -> None:
    assert not replace(sleeper, boot="another").alive


def test_stopping_asks_first(tmp_path: Path) -> None:
    script = f"trap 'echo asked > {tmp_path}/said; exit 0' TERM; while :; do sleep 0.05; done"
    process = subprocess.Popen(["sh", "-c", script])
    time.sleep(0.3)
    Record.of(process.pid).stop()
    process.poll()
    assert (tmp_path / "said").read_text() == "asked\n"


def test_stopping_kills_what_does_not_listen() -> None:
    process = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"])
    time.sleep(0.3)
    record = Record.of(process.pid)
    record.stop(0.3)
    assert not record.alive
    process.poll()


def test_a_dead_child_is_not_alive() -> None:
    process = subprocess.Popen(["sleep", "60"])
    record = Record.of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.2)
    assert not record.alive
    process.poll()
    assert json.dumps(record.memory) == "0"


def test_a_daemon_keeps_nothing_of_its_callers_open(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(lock, True)
    (tmp_path / "cgroup.procs").touch()
    records = start(["/bin/sleep", "60"], {}, tmp_path, ["/bin/sleep", "60"])
    try:
        time.sleep(0.3)
        for record in records:
            open_files = [str(path.readlink()) for path in Path(f"/proc/{record.pid}/fd").iterdir()]
            assert str(tmp_path / "lock") not in open_files
    finally:
        os.close(lock)
        for record in records:
            record.stop(0.1)
