"""Who trains together in this round, by what torch's rendezvous knows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .line import Line
from .round import Round

LOOK_EVERY = 0.2
MARGIN_SECONDS = 2.0
LAST_CALL = timedelta(seconds=1)
"""Those who lost a node notice it together: there is nobody else to wait for long."""
NO_HEARTBEAT = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Change:
    """Why this round is over."""

    reason: str
    lost: bool
    """A node is gone, and with it what the others would send it."""


class Membership:
    """The nodes that met in the round that a torch `DynamicRendezvousHandler` completed."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._round = -1
        self._nodes: dict[Any, int] = {}
        self._last_call = handler.settings.timeout.last_call
        self._line = Line()
        self._count_waiting = handler.num_nodes_waiting
        # torch's agent would let newcomers in at any time, and not say so.
        handler.num_nodes_waiting = lambda: 0

    def settle(self, told: Round) -> int:
        """Take the nodes that have met just now for the round's; gives the round's number."""
        self._told = told
        with self._handler._heartbeat_lock:
            state = self._handler._state_holder.state
            self._round, self._nodes = state.round, dict(state.participants)
        self._line.join(told.store, self._handler._this_node, self._nodes)
        return self._round

    def hurry(self, lost: bool) -> None:
        """How long the next meeting waits for more nodes than it needs."""
        short = min(LAST_CALL, self._last_call)
        self._handler.settings.timeout._last_call = short if lost else self._last_call

    @property
    def closed(self) -> bool:
        """Whether the run was over when this was last looked at."""
        return bool(self._handler._state_holder.state.closed)

    def change(self) -> Change | None:
        """What has happened to the round, if anything; a run that is over changes no more.

        Once a node's ranks have ended well, nobody new is let in, and the others go on without
        that node; but for rank 0's, which has the result.
        """
        waiting = self._count_waiting()
        dead = self._line.dead()
        with self._handler._heartbeat_lock:
            self._bury(dead)
            state = self._handler._state_holder.state
            number, present, closed = state.round, set(state.participants), state.closed
        if closed:
            return None
        if number != self._round or self._handler._this_node not in present:
            return Change("this node was taken for lost", lost=True)
        gone = {node: rank for node, rank in self._nodes.items() if node not in present}
        if needed := [node for node, rank in gone.items() if not (rank and self._told.done(rank))]:
            addresses = ", ".join(sorted(node.addr for node in needed))
            return Change(f"{addresses} left or is lost", lost=True)
        if waiting and not self._told.ending():
            return Change(f"{waiting} node(s) wait to join", lost=False)
        return None

    def change_soon(self) -> Change | None:
        """The same, after the time in which a lost node's heartbeat expires.

        A node that was asked to stop has the time that it needs: what it saves is resumed.
        """
        settings = self._handler.settings
        expiry = settings.keep_alive_interval * settings.keep_alive_max_attempt
        deadline = time.monotonic() + expiry.total_seconds() + MARGIN_SECONDS
        while not self.closed and (time.monotonic() < deadline or self._told.leaving()):
            if change := self.change():
                return change
            time.sleep(LOOK_EVERY)
        return None

    def close(self) -> None:
        """This node launches no more."""
        self._line.close()

    def _bury(self, node: Any) -> None:
        """Let torch drop it as one without a heartbeat; if another node wrote first, next time."""
        holder = self._handler._state_holder
        if holder.state.round == self._round and node in holder.state.last_heartbeats:
            holder.state.last_heartbeats[node] = NO_HEARTBEAT
            holder.mark_dirty()
            holder.sync()
