"""The store's pod: where the nodes meet, and what the run's verdict is taken from."""

from __future__ import annotations

import time

from .board import Board
from .failure import first
from .log import say
from .outcome import Failed, Outcome

LOOK_EVERY = 0.2
GATHER_SECONDS = 2.0
LINGER_SECONDS = 5.0
SETTLE_SECONDS = 2.0
"""For the nodes' containers to end: pods that still run when the job ends lose their logs."""


def keep_store(port: int) -> Outcome:
    """Host the store until the nodes have posted a verdict."""
    board = Board.host(port)
    say(f"rendezvous store on port {port}")
    outcome = _verdict(board)
    deadline = time.monotonic() + LINGER_SECONDS
    nodes = board.joined() if isinstance(outcome, Failed) else outcome.nodes
    while board.left() < nodes and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    time.sleep(SETTLE_SECONDS)
    return outcome


def _verdict(board: Board) -> Outcome:
    began = None
    while True:
        if began is None and board.joined():
            began = time.monotonic()
        if board.failures():
            time.sleep(GATHER_SECONDS)
            return Failed(first(board.failures()))
        if success := board.success():
            return success.lasting(time.monotonic() - (began or time.monotonic()))
        time.sleep(LOOK_EVERY)
