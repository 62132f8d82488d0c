"""torch's agent, which notices lost nodes and does not count them as restarts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch.distributed.elastic.agent.server.api import (
    DEFAULT_ROLE,
    RunResult,
    WorkerGroup,
    WorkerState,
)
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.rendezvous import RendezvousClosedError
from torch.distributed.launcher import api

from .checkpoints import LAUNCH
from .event import tell
from .folder import Slot
from .log import say
from .membership import Change, Membership
from .round import Round
from .torch_private import missing

LOST_SECONDS = 2
"""For ranks to end that wait for what a lost node would have sent."""


@contextmanager
def watchful(folder: Path, *, elastic: bool) -> Iterator[Callable[[], None]]:
    """Let torch's launcher use our agent; with a torch that we do not know, its own.

    Gives what tells the other nodes that this one is about to leave.
    """
    agents: list[WatchfulAgent] = []
    if lacking := missing():
        say(f"torch {torch.__version__} lacks {', '.join(lacking)}: lost nodes go unnoticed")
    else:

        def make(*args: Any, **rest: Any) -> WatchfulAgent:
            agents.append(WatchfulAgent(*args, folder=folder, elastic=elastic, **rest))
            return agents[-1]

        api.LocalElasticAgent = make

    def announce() -> None:
        for agent in agents:
            agent.announce()

    try:
        yield announce
    finally:
        api.LocalElasticAgent = LocalElasticAgent


class WatchfulAgent(LocalElasticAgent):  # type: ignore[misc]
    """One node's agent; `folder` is where its ranks tell why they failed."""

    def __init__(self, spec: Any, *args: Any, folder: Path, elastic: bool, **rest: Any) -> None:
        super().__init__(spec, *args, **rest)
        self._folder = folder
        self._membership = Membership(spec.rdzv_handler) if elastic else None
        self._round: Round | None = None
        self._done: RunResult | None = None
        self._change = Change("start", lost=False)
        self._noticed = time.monotonic()

    def run(self, role: str = DEFAULT_ROLE) -> RunResult:
        """Leave the meeting open when this node could not go on: only a verdict ends it."""
        try:
            result = super().run(role)
            if result is None:
                raise RendezvousClosedError("the run was over before this spare node was needed")
        except Exception:
            if self._membership:
                self._worker_group.spec.rdzv_handler.shutdown = lambda: True
            raise
        finally:
            if self._membership:
                self._membership.close()
        return result

    def announce(self) -> None:
        """Tell the others that this node will be gone when its ranks have saved."""
        if self._membership and self._round:
            with suppress(RuntimeError):
                self._round.leave()

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        result = self._done or super()._monitor_workers(worker_group)
        if self._is_over(result):
            return result
        began = time.monotonic()
        if change := self._change_behind(result):
            say(f"{change.reason}: the nodes meet anew")
            self._change, self._noticed = change, began
            self._restart_workers(worker_group)
            return RunResult(WorkerState.HEALTHY)
        if self._done:
            return self._while_others_train()
        if result.state is not WorkerState.HEALTHY:
            self._change, self._noticed = Change("a rank failed", lost=False), began
        return result

    def _is_over(self, result: RunResult) -> bool:
        """Whether the ranks of all nodes have ended well; torch would wait 300 s for that."""
        if result.state is not WorkerState.SUCCEEDED:
            return False
        if self._membership is None or self._round is None:
            return True
        told = self._done is not None
        if not told:
            self._done = result
            self._round.finish()
        over = self._round.over()
        if not (told or over):
            say("the ranks of this node are done: waiting for the others")
        return over

    def _while_others_train(self) -> RunResult:
        """Something may happen to them, so that this node is needed again."""
        assert self._membership and self._round
        if self._membership.closed and not self._round.over():
            raise RendezvousClosedError("another node has failed")
        return RunResult(WorkerState.HEALTHY)

    def _exit_barrier(self) -> None:
        if self._membership is None:
            super()._exit_barrier()

    def _change_behind(self, result: RunResult) -> Change | None:
        """What happened to the other nodes, where that is why this one cannot go on."""
        if self._membership is None:
            return None
        if result.state in (WorkerState.HEALTHY, WorkerState.SUCCEEDED):
            return self._membership.change()
        if result.state is WorkerState.FAILED and self._lost_peers(result):
            return self._membership.change_soon()
        return None

    def _lost_peers(self, result: RunResult) -> bool:
        """Whether no rank failed but for want of another; NCCL then aborts the process."""
        return all(
            seen.exitcode == -signal.SIGABRT
            or ((told := Slot(self._folder, seen.local_rank).failure) and told.lost_peer)
            for seen in result.failures.values()
        )

    def _stop_workers(self, worker_group: WorkerGroup) -> None:
        self._shutdown(timeout=LOST_SECONDS if self._change.lost else self._shutdown_timeout)

    def _rendezvous(self, worker_group: WorkerGroup) -> None:
        if self._membership:
            self._membership.hurry(self._change.lost)
        super()._rendezvous(worker_group)
        rank, nodes = worker_group.group_rank, worker_group.group_world_size
        self._round, self._done = Round(worker_group.store, rank, nodes), None
        os.environ[LAUNCH] = self._round.launch()
        number = self._membership.settle(self._round) if self._membership else 0
        tell(
            "round",
            round=number,
            reason=self._change.reason,
            node=rank,
            nodes=nodes,
            world_size=worker_group.workers[0].world_size,
            restarts=worker_group.spec.max_restarts - self._remaining_restarts,
            seconds=round(time.monotonic() - self._noticed, 3),
        )
