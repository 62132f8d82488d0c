"""A pod that trains: meets the others, launches, and posts how it went."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from . import exitcode
from .board import Board
from .endpoint import Endpoint
from .environment import prefer_interface, prepare, share_cpus
from .failure import first
from .finished import finish
from .launch import launch, load
from .log import say
from .message import write_message
from .outcome import Failed, Outcome, Success, unlaunched
from .program import Program
from .settings import Mode, Settings
from .store import GATHER_SECONDS
from .store_watch import StoreWatch
from .termination import Termination, let_save
from .verdict import VERDICT_SECONDS, shared

T = TypeVar("T")

BOARD_SECONDS = 2.0
LOOPBACK = "127.0.0.1"


class Agent:
    """One node of a run."""

    def __init__(self, settings: Settings, program: Program, termination: Termination) -> None:
        self._settings = settings
        self._program = program
        self._termination = termination
        self._board: Board | None = None

    def run(self) -> Outcome:
        """Train, and say how that ended."""
        began = time.monotonic()
        prepare(self._settings)
        load()
        share_cpus(self._settings)
        try:
            address = self._meet()
        except TimeoutError as error:
            said = f"nothing answered at the meeting point in time: {error}"
            return unlaunched(said, exitcode.UNREACHABLE)
        prefer_interface(address)
        with _scratch() as folder, self._watched_store(folder):
            outcome = launch(self._settings, self._program, folder, address, self._termination)
        if isinstance(outcome, Success):
            outcome = outcome.lasting(time.monotonic() - began)
        return self._posted(outcome)

    def repeat(self, success: Success) -> Outcome:
        """The run has finished before; a store that is still there may not have heard of it."""
        if self._settings.mode is Mode.ELASTIC:
            load()

            def tell(board: Board) -> None:
                board.succeed(success)
                board.leave()

            self._with_board(tell)
        return success

    def _meet(self) -> str:
        """Reach the place where the nodes meet; gives our own address as the others see it."""
        settings = self._settings
        own = settings.local_addr
        if settings.mode is Mode.SINGLE:
            return own or LOOPBACK
        if settings.mode is Mode.ELASTIC:
            address = own or self._meeting_point().wait(settings.join_seconds)
            self._with_board(Board.join)
            return address
        if settings.node_rank:
            return own or self._master().wait(settings.join_seconds)
        with contextlib.suppress(RuntimeError):
            self._board = Board.host(self._meeting_point().port)
        return own or self._master().host

    def _watched_store(self, folder: Path) -> contextlib.AbstractContextManager[object]:
        """Leave when the store is silent, though this process may hang in a call to it."""
        if self._settings.mode is not Mode.ELASTIC:
            return contextlib.nullcontext()

        def leave(why: str) -> None:
            outcome = unlaunched(f"the rendezvous store is gone: {why}", exitcode.UNREACHABLE)
            say(outcome.failure.error)
            spawns = self._settings.start_method == "spawn"
            let_save(folder, self._settings.saving_seconds, groups=spawns)
            write_message(self._settings.message_path, outcome.message())
            os._exit(outcome.exit_code)

        return StoreWatch(self._meeting_point(), leave)

    def _posted(self, outcome: Outcome) -> Outcome:
        """Tell the others, hear them, and judge anew."""
        mode = self._settings.mode
        if mode is Mode.ELASTIC:
            return self._agreed(outcome)
        if mode is Mode.STATIC and self._settings.node_rank == 0:
            outcome = self._gathered(outcome)
        if isinstance(outcome, Success):
            finish(outcome)
        elif mode is Mode.STATIC and self._settings.node_rank:
            self._complain(outcome)
        return outcome

    def _agreed(self, outcome: Outcome) -> Outcome:
        """A success of which the store has never heard is none."""
        succeeded = isinstance(outcome, Success)
        patience = VERDICT_SECONDS if succeeded else BOARD_SECONDS
        agreed = self._with_board(lambda board: shared(outcome, board), patience)
        if agreed is None and succeeded:
            return unlaunched("the store never heard of this success", exitcode.UNREACHABLE)
        return agreed or outcome

    def _gathered(self, outcome: Outcome) -> Outcome:
        """Node 0 of fixed nodes: the cause may lie on another node."""
        if self._board is None:
            return outcome
        with contextlib.suppress(RuntimeError):
            if isinstance(outcome, Success):
                failures = self._board.failures()
                return Failed(first(failures)) if failures else outcome
            if outcome.exit_code in (exitcode.FAILED, exitcode.BROKEN):
                time.sleep(GATHER_SECONDS)
                cause = first([outcome.failure, *self._board.failures()])
                told = outcome.told and cause is outcome.failure
                return replace(outcome, failure=cause, told=told)
        return outcome

    def _complain(self, outcome: Failed) -> None:
        """Tell node 0 of fixed nodes."""
        if outcome.exit_code == exitcode.FAILED:
            self._with_board(lambda board: board.fail(outcome.failure))

    def _with_board(self, use: Callable[[Board], T], patience: float = BOARD_SECONDS) -> T | None:
        """What `use` gives, or None when the store is gone."""
        try:
            self._meeting_point().wait(patience)
            return use(Board.connect(self._meeting_point()))
        except (RuntimeError, TimeoutError) as error:
            say(f"the store did not take this node's report: {str(error).partition(chr(10))[0]}")
            return None

    def _meeting_point(self) -> Endpoint:
        """Where the board is; beside torch's own store when the nodes are fixed."""
        if self._settings.mode is Mode.STATIC:
            master = self._master()
            return Endpoint(master.host, master.port + 1)
        assert self._settings.endpoint is not None
        return self._settings.endpoint

    def _master(self) -> Endpoint:
        assert self._settings.master is not None
        return self._settings.master


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trainstack-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
