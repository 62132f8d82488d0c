"""How an elastic run ended, which its nodes have to agree on."""

from __future__ import annotations

import time

from . import exitcode
from .board import Board
from .failure import first
from .finished import finish
from .log import say
from .outcome import Failed, Outcome, Success, unlaunched
from .store import LOOK_EVERY

VERDICT_SECONDS = 30.0


def shared(outcome: Outcome, board: Board) -> Outcome:
    """Post how it went on this node, or take what the others posted for the run's verdict."""
    if isinstance(outcome, Success) and outcome.rank_zero and not board.failures():
        finish(outcome)
        board.succeed(outcome)
    elif isinstance(outcome, Failed) and outcome.exit_code == exitcode.FAILED:
        board.fail(outcome.failure)
    elif isinstance(outcome, Success) or outcome.exit_code != exitcode.STOPPED:
        outcome = _heard(outcome, board)
    board.leave()
    return outcome


def _heard(outcome: Outcome, board: Board) -> Outcome:
    """The verdict, which is on its way when ranks have succeeded or the meeting was closed."""
    awaited = isinstance(outcome, Success) or outcome.exit_code == exitcode.CLOSED
    deadline = time.monotonic() + (VERDICT_SECONDS if awaited else 0)
    while True:
        if failures := board.failures():
            say(f"the run failed elsewhere: {first(failures).summary()}")
            return Failed(first(failures), told=True)
        if success := board.success():
            return outcome if isinstance(outcome, Success) else success
        if time.monotonic() >= deadline:
            break
        time.sleep(LOOK_EVERY)
    if isinstance(outcome, Failed):
        return outcome
    return unlaunched("rank 0's node did not report its success", exitcode.UNREACHABLE)
