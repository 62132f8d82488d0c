"""What training programs import."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from images.runtime import trainstack_runtime
from images.runtime.trainstack_runtime import report
from images.runtime.trainstack_runtime.program import Program

RUNTIME = Path(trainstack_runtime.__file__).parents[1]


class Scalar:
    """Like numpy's and torch's."""

    def item(self) -> float:
        """The number."""
        return 0.5


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No result from elsewhere."""
    monkeypatch.setattr(report, "_quiet_until", {})
    monkeypatch.setattr(report, "_result", {})
    monkeypatch.delenv("RANK", raising=False)
    yield


def python(source: str) -> subprocess.CompletedProcess[str]:
    """A program without any launcher."""
    return subprocess.run(
        [sys.executable, "-c", source],
        env={"PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_results_add_up() -> None:
    trainstack_runtime.result(accuracy=Scalar(), epochs=3)
    trainstack_runtime.result(epochs=4, names=("a", "b"), nested={"loss": Scalar()})
    assert report.reported() == {
        "accuracy": 0.5,
        "epochs": 4,
        "names": ["a", "b"],
        "nested": {"loss": 0.5},
    }


def test_no_result() -> None:
    assert report.reported() is None


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, object(), {1, 2}, {"a": object()}, [math.nan], b"x"]
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^x="):
        trainstack_runtime.result(x=value)
    assert report.reported() is None


def test_a_large_result_is_refused() -> None:
    trainstack_runtime.result(a=1)
    with pytest.raises(ValueError, match="above the 3,000"):
        trainstack_runtime.result(b="x" * 3000)
    assert report.reported() == {"a": 1}


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_progress_is_a_line_of_rank_zero(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainstack_runtime.progress(step=1, total=10, loss=Scalar())
    trainstack_runtime.progress(lr=0.1)
    monkeypatch.setenv("RANK", "1")
    trainstack_runtime.progress(step=2)
    assert printed(capsys) == [
        {"trainstack": "progress", "step": 1, "total": 10, "loss": 0.5},
        {"trainstack": "progress", "lr": 0.1},
    ]


def test_progress_is_printed_once_a_second_and_at_the_last_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unread:
        def item(self) -> float:
            raise AssertionError("nobody needs this value")

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(report, "time", SimpleNamespace(monotonic=lambda: clock.now))
    for step, clock.now in enumerate((100.0, 100.4, 100.9, 101.0, 101.1, 101.2), start=1):
        quiet = step in (2, 3, 5)
        trainstack_runtime.progress(step=step, total=6, loss=Unread() if quiet else 0.5)
        if quiet:
            trainstack_runtime.progress(step=step, accuracy=0.9)
    assert [
        (line["step"], "accuracy" if "accuracy" in line else "loss") for line in printed(capsys)
    ] == [(1, "loss"), (2, "accuracy"), (4, "loss"), (6, "loss")]


def test_progress_takes_what_json_cannot_hold_as_a_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trainstack_runtime.progress(step=1, loss=math.nan, best=math.inf, at=Path("/x"))
    assert printed(capsys) == [
        {"trainstack": "progress", "step": 1, "loss": "nan", "best": "inf", "at": "/x"}
    ]


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        trainstack_runtime.other  # noqa: B018


def test_importing_does_not_change_what_sigterm_does() -> None:
    done = python(
        "import os, signal\nfrom trainstack_runtime import progress, result\n"
        "os.kill(os.getpid(), signal.SIGTERM)\nimport time; time.sleep(5)"
    )
    assert done.returncode == -signal.SIGTERM


def test_asking_makes_sigterm_a_request_and_keeps_older_handlers() -> None:
    done = python(
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('before'))\n"
        "from trainstack_runtime import stop_requested\n"
        "print(stop_requested())\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(stop_requested())"
    )
    assert (done.returncode, done.stdout) == (0, "False\nbefore\nTrue\n")


def test_importing_is_cheap() -> None:
    done = python("import sys, trainstack_runtime; print('torch' in sys.modules, len(sys.modules))")
    loaded, modules = done.stdout.split()
    assert loaded == "False"
    assert int(modules) < 80


def test_asking_in_a_thread_is_harmless() -> None:
    done = python(
        "import threading\n"
        "def ask():\n from trainstack_runtime import stop_requested\n print(stop_requested())\n"
        "thread = threading.Thread(target=ask); thread.start(); thread.join()"
    )
    assert (done.returncode, done.stdout) == (0, "False\n")


@pytest.mark.parametrize("args", [(), ("--lr=1",), ("--", "x"), ("--script", "y")])
def test_programs_survive_a_command_line(args: tuple[str, ...]) -> None:
    program = Program("script", "/x/train.py", args)
    assert Program.from_words(program.words()) == program


@pytest.mark.parametrize(
    "words",
    [
        ["--function", "a.py:main", "--source", "s", "--inputs", "i", "--"],
        ["--function", "a.b:main", "--"],
    ],
)
def test_functions_survive_a_command_line(words: list[str]) -> None:
    assert Program.from_words(words).words() == words
