"""torch's agent, which notices lost nodes and does not count them as restarts."""

from __future__ import annotations

import inspect
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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
from torch.distributed.elastic.rendezvous import dynamic_rendezvous
from torch.distributed.launcher import api

from .checkpoints import LAUNCH
from .event import tell
from .folder import Slot
from .log import say
from .membership import Change, Membership

LOST_SECONDS = 2
"""For ranks to end that wait for what a lost node would have sent."""

AGENT = {
    "_monitor_workers": ["worker_group"],
    "_rendezvous": ["worker_group"],
    "_restart_workers": ["worker_group"],
    "_shutdown": ["death_sig", "timeout"],
    "_stop_workers": ["worker_group"],
}
HANDLER = ("_heartbeat_lock", "_state_holder", "_this_node")
STATE = ("closed", "last_heartbeats", "participants", "round")
HOLDER = ("mark_dirty", "state", "sync")


def missing() -> list[str]:
    """What of torch's private names this module and `Membership` need, and this torch lacks."""
    lacking = []
    for name, parameters in AGENT.items():
        method = getattr(LocalElasticAgent, name, None)
        if method is None or list(inspect.signature(method).parameters)[1:] != parameters:
            lacking.append(f"LocalElasticAgent.{name}({', '.join(parameters)})")
    for kind, names in (
        ("DynamicRendezvousHandler", HANDLER),
        ("_RendezvousState", STATE),
        ("RendezvousTimeout", ("_last_call",)),
    ):
        known = getattr(getattr(dynamic_rendezvous, kind, None), "__annotations__", {})
        lacking += [f"{kind}.{name}" for name in names if name not in known]
    holder = getattr(dynamic_rendezvous, "_RendezvousStateHolder", None)
    lacking += [f"_RendezvousStateHolder.{name}" for name in HOLDER if not hasattr(holder, name)]
    if getattr(api, "LocalElasticAgent", None) is not LocalElasticAgent:
        lacking.append("launcher.api.LocalElasticAgent")
    return lacking


@contextmanager
def watchful(folder: Path, *, elastic: bool) -> Iterator[None]:
    """Let torch's launcher use our agent; with a torch that we do not know, its own."""
    if lacking := missing():
        say(f"torch {torch.__version__} lacks {', '.join(lacking)}: lost nodes go unnoticed")
        yield
        return
    api.LocalElasticAgent = partial(WatchfulAgent, folder=folder, elastic=elastic)
    try:
        yield
    finally:
        api.LocalElasticAgent = LocalElasticAgent


class WatchfulAgent(LocalElasticAgent):  # type: ignore[misc]
    """One node's agent; `folder` is where its ranks tell why they failed."""

    def __init__(self, spec: Any, *args: Any, folder: Path, elastic: bool, **rest: Any) -> None:
        super().__init__(spec, *args, **rest)
        self._folder = folder
        self._membership = Membership(spec.rdzv_handler) if elastic else None
        self._change = Change("start", lost=False)
        self._noticed = time.monotonic()

    def run(self, role: str = DEFAULT_ROLE) -> RunResult:
        """Leave the meeting open when this node could not go on: only a verdict ends it."""
        try:
            return super().run(role)
        except Exception:
            if self._membership:
                self._worker_group.spec.rdzv_handler.shutdown = lambda: True
            raise
        finally:
            if self._membership:
                self._membership.close()

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        result = super()._monitor_workers(worker_group)
        began = time.monotonic()
        change = self._change_behind(result)
        if change is None:
            if result.state is WorkerState.FAILED:
                self._change, self._noticed = Change("a rank failed", lost=False), began
            return result
        say(f"{change.reason}: the nodes meet anew")
        self._change, self._noticed = change, began
        self._restart_workers(worker_group)
        return super()._monitor_workers(worker_group)

    def _change_behind(self, result: RunResult) -> Change | None:
        """What happened to the other nodes, where that is why this one cannot go on."""
        if self._membership is None:
            return None
        if result.state is WorkerState.HEALTHY:
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
        os.environ[LAUNCH] = _agreed_launch(worker_group.store)
        number = self._membership.settle(worker_group.store) if self._membership else 0
        tell(
            "round",
            round=number,
            reason=self._change.reason,
            node=worker_group.group_rank,
            nodes=worker_group.group_world_size,
            world_size=worker_group.workers[0].world_size,
            restarts=worker_group.spec.max_restarts - self._remaining_restarts,
            seconds=round(time.monotonic() - self._noticed, 1),
        )


def _agreed_launch(store: Any) -> str:
    """What the first node of a round proposed; a round has a part of the store of its own."""
    said: bytes = store.compare_set("trainstack/launch", "", uuid.uuid4().hex)
    return said.decode()
