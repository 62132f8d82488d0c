"""What a node of an elastic run makes of its own end and of what the others posted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from images.runtime.trainstack_runtime import exitcode, verdict
from images.runtime.trainstack_runtime.agent import Agent
from images.runtime.trainstack_runtime.failure import Failure
from images.runtime.trainstack_runtime.outcome import Failed, Outcome, Success, stopped, unlaunched
from images.runtime.trainstack_runtime.program import Program
from images.runtime.trainstack_runtime.settings import Settings
from images.runtime.trainstack_runtime.termination import Termination

ZERO = Success(2, 2, result={"loss": 0.1})
OTHER = Success(2, 2, rank_zero=False)
BUG = Failure("exception", 1, "ValueError: bug", rank=1, node=1)
CLOSED = unlaunched("the rendezvous was closed by another node", exitcode.CLOSED)


@dataclass
class Board:
    """A board without a store."""

    failed: list[Failure] = field(default_factory=list)
    succeeded: Success | None = None
    left: int = 0

    def failures(self) -> list[Failure]:
        return self.failed

    def fail(self, failure: Failure) -> None:
        self.failed.append(failure)

    def success(self) -> Success | None:
        return self.succeeded

    def succeed(self, success: Success) -> None:
        self.succeeded = success

    def leave(self) -> None:
        self.left += 1


@pytest.fixture(autouse=True)
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it would be remembered."""
    monkeypatch.setattr(verdict, "VERDICT_SECONDS", 0.0)
    monkeypatch.setenv("TRAINSTACK_CHECKPOINT_FOLDER", str(tmp_path))
    monkeypatch.setenv("TRAINSTACK_RUN", "digits")
    monkeypatch.setenv("TRAINSTACK_VERSION", "v1")
    return tmp_path / "digits/v1/finished.json"


@pytest.mark.parametrize(
    ("own", "board", "outcome"),
    [
        (ZERO, Board(), ZERO),
        (OTHER, Board(succeeded=ZERO), OTHER),
        (OTHER, Board(), "rank 0's node did not report its success"),
        (ZERO, Board([BUG]), BUG.error),
        (OTHER, Board([BUG]), BUG.error),
        (CLOSED, Board([BUG]), BUG.error),
        (CLOSED, Board(succeeded=ZERO), ZERO),
        (CLOSED, Board(), CLOSED),
        (Failed(BUG), Board(succeeded=ZERO), BUG.error),
        (stopped(), Board(succeeded=ZERO), stopped()),
    ],
)
def test_the_verdict(own: Outcome, board: Board, outcome: Outcome | str, finished: Path) -> None:
    agreed = verdict.shared(own, board)  # type: ignore[arg-type]
    if isinstance(outcome, str):
        assert isinstance(agreed, Failed)
        assert agreed.failure.error == outcome
    else:
        assert agreed == outcome
    assert board.left == 1
    assert finished.exists() == (agreed is ZERO and own is ZERO)


def test_a_closed_meeting_has_a_verdict_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    monkeypatch.setattr(verdict, "VERDICT_SECONDS", 60.0)
    monkeypatch.setattr("time.sleep", lambda _: board.succeed(ZERO))
    assert verdict.shared(CLOSED, board) == ZERO  # type: ignore[arg-type]


@pytest.mark.parametrize(("failures", "lasts"), [([], True), ([BUG], False)])
def test_fixed_nodes_have_finished_when_none_has_failed(
    failures: list[Failure], lasts: bool, finished: Path
) -> None:
    env = {"PET_NNODES": "2", "PET_NODE_RANK": "0", "PET_MASTER_ADDR": "localhost"}
    agent = Agent(Settings.from_env(env), Program("script", "train.py"), Termination())
    agent._board = Board(failures)  # type: ignore[assignment]
    outcome = agent._posted(ZERO)
    assert outcome == (ZERO if lasts else Failed(BUG))
    assert finished.exists() == lasts


@pytest.mark.parametrize("own", [ZERO, OTHER])
def test_a_store_that_is_gone_confirms_nothing(
    own: Success, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"PET_NNODES": "2", "PET_RDZV_ENDPOINT": "127.0.0.1:9"}
    agent = Agent(Settings.from_env(env), Program("script", "train.py"), Termination())
    monkeypatch.setattr("images.runtime.trainstack_runtime.agent.VERDICT_SECONDS", 0.0)
    outcome = agent._posted(own)
    assert outcome == unlaunched("the store never heard of this success", exitcode.UNREACHABLE)
    assert not finished.exists()
