"""Failures, and the termination message they end up in."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.runtime.trainstack_runtime.failure import Failure, first
from images.runtime.trainstack_runtime.message import write_message
from images.runtime.trainstack_runtime.outcome import (
    LARGEST_MESSAGE,
    Failed,
    Success,
    stopped,
    unlaunched,
)


def test_success_has_the_result() -> None:
    success = Success(world_size=4, nodes=2, restarts=1, result={"accuracy": 0.97})
    assert json.loads(success.lasting(12.34).message()) == {
        "status": "succeeded",
        "exit_code": 0,
        "result": {"accuracy": 0.97},
        "world_size": 4,
        "nodes": 2,
        "restarts": 1,
        "duration": 12.3,
    }


def test_failure_has_the_cause() -> None:
    failure = Failure(
        "exception",
        1,
        "ValueError: no",
        rank=1,
        node=0,
        location="train.py:3 in main: raise ValueError('no')",
        traceback=["Traceback (most recent call last):", "ValueError: no"],
        restarts=2,
    )
    assert json.loads(Failed(failure).message()) == {
        "status": "failed",
        "exit_code": 1,
        "reason": "exception",
        "rank": 1,
        "node": 0,
        "error": "ValueError: no",
        "location": "train.py:3 in main: raise ValueError('no')",
        "traceback": ["Traceback (most recent call last):", "ValueError: no"],
        "restarts": 2,
    }


def test_a_failure_that_only_lost_a_peer_says_so() -> None:
    lost = Failure("exception", 1, "Connection closed by peer", lost_peer=True)
    assert json.loads(Failed(lost).message())["lost_peer"] is True


def test_stopped_and_unlaunched() -> None:
    assert json.loads(stopped().message())["status"] == "stopped"
    assert stopped().exit_code == 143
    said = json.loads(unlaunched("the store is gone", 200).message())
    assert (said["reason"], said["exit_code"], said["error"]) == (
        "rendezvous",
        200,
        "the store is gone",
    )


@given(
    st.text(max_size=5000),
    st.text(max_size=1000),
    st.lists(st.text(alphabet=st.characters(exclude_categories=()), max_size=600), max_size=60),
)
def test_a_message_always_fits(error: str, location: str, lines: list[str]) -> None:
    text = Failed(Failure("exception", 1, error, location=location, traceback=lines)).message()
    assert len(text.encode()) <= LARGEST_MESSAGE
    assert "\n" not in text
    kept = json.loads(text)["traceback"]
    assert len(kept) <= len(lines)
    if lines and len(lines[-1].encode(errors="replace")) < 300 and kept:
        assert kept[-1] == lines[-1].encode(errors="replace").decode()


def test_the_end_of_a_long_traceback_is_kept() -> None:
    lines = [f"line {number} {'x' * 100}" for number in range(1000)]
    said = json.loads(Failed(Failure("exception", 1, "e", traceback=lines)).message())
    assert said["traceback"][-1] == lines[-1]
    assert len(said["traceback"]) > 10


def test_the_first_failure_is_the_cause_unless_it_only_lost_a_peer() -> None:
    lost = Failure("exception", 1, "Connection closed by peer", rank=0, at=1.0, lost_peer=True)
    ended = Failure("signal", 128 + signal.SIGTERM, "killed by SIGTERM", rank=2, at=0.5)
    cause = Failure("exception", 1, "ValueError: no", rank=1, at=2.0)
    later = Failure("exception", 1, "ValueError: too", rank=3, at=3.0)
    assert first([later, lost, cause, ended]) is cause
    assert first([lost, ended]) is ended


def test_a_cause_beneath_another_is_told() -> None:
    def fails() -> None:
        try:
            raise KeyError("weights")
        except KeyError as error:
            raise RuntimeError("no checkpoint") from error

    with pytest.raises(RuntimeError) as caught:
        fails()
    failure = Failure.from_exception(caught.value, rank=1)
    assert failure.error == "RuntimeError: no checkpoint"
    assert failure.location is not None
    assert failure.location.endswith('in fails: raise RuntimeError("no checkpoint") from error')
    assert "KeyError: 'weights'" in failure.traceback


def test_a_library_is_not_where_the_users_mistake_is() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    failure = Failure.from_exception(caught.value)
    assert failure.location is not None
    assert failure.location.endswith('json.loads("{")')


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[/x/gloo/transport/tcp/pair.cc:547] Connection closed by peer [::1]:1"),
        type("DistBackendError", (RuntimeError,), {})("NCCL error"),
    ],
)
def test_a_lost_peer_is_recognised(error: Exception) -> None:
    assert Failure.from_exception(error).lost_peer


def test_an_unknown_signal_has_its_number() -> None:
    failure = Failure.from_signal(64)
    assert failure.error in ("killed by SIGRTMAX", "killed by signal 64")
    assert failure.exit_code == 192


def test_a_fault_has_its_line(tmp_path: Path) -> None:
    source = tmp_path / "train.py"
    source.write_text("import ctypes\nctypes.string_at(0)\n")
    fault = (
        "Fatal Python error: Segmentation fault\n\n"
        "Current thread 0x0001 (most recent call first):\n"
        '  File "/usr/lib/python3/dist-packages/x.py", line 5 in inner\n'
        f'  File "{source}", line 2 in <module>\n\nExtension modules: numpy (total: 1)\n'
    )
    failure = Failure.from_signal(11, fault)
    assert failure.location == f"{source}:2 in <module>: ctypes.string_at(0)"
    assert failure.traceback == [
        f'  File "{source}", line 2, in <module>',
        "    ctypes.string_at(0)",
        '  File "/usr/lib/python3/dist-packages/x.py", line 5, in inner',
    ]


def test_a_message_that_cannot_be_written_is_not_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_message(tmp_path / "absent/message", "{}")
    assert "no termination message" in capsys.readouterr().err
    write_message(tmp_path / "message", "{}")
    assert (tmp_path / "message").read_text() == "{}"
