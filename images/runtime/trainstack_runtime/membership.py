"""Who trains together in this round, by what torch's rendezvous knows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .line import Line

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
        self._nodes: set[Any] = set()
        self._last_call = handler.settings.timeout.last_call
        self._line = Line()

    def settle(self, store: Any) -> int:
        """Take the nodes that have met just now for the round's; gives the round's number.

        `store` is what they share in this round.
        """
        with self._handler._heartbeat_lock:
            state = self._handler._state_holder.state
            self._round, self._nodes = state.round, set(state.participants)
            self._line.join(store, self._handler._this_node, state.participants)
        return self._round

    def hurry(self, lost: bool) -> None:
        """How long the next meeting waits for more nodes than it needs."""
        short = min(LAST_CALL, self._last_call)
        self._handler.settings.timeout._last_call = short if lost else self._last_call

    def change(self) -> Change | None:
        """What has happened to the round, if anything; a run that is over changes no more."""
        waiting = self._handler.num_nodes_waiting()
        with self._handler._heartbeat_lock:
            self._bury(self._line.dead())
            state = self._handler._state_holder.state
            number, present, closed = state.round, set(state.participants), state.closed
        if closed:
            return None
        if number != self._round or self._handler._this_node not in present:
            return Change("this node was taken for lost", lost=True)
        if gone := self._nodes - present:
            addresses = ", ".join(sorted(node.addr for node in gone))
            return Change(f"{addresses} left or is lost", lost=True)
        if waiting:
            return Change(f"{waiting} node(s) wait to join", lost=False)
        return None

    def change_soon(self) -> Change | None:
        """The same, after the time in which a lost node's heartbeat expires."""
        settings = self._handler.settings
        expiry = settings.keep_alive_interval * settings.keep_alive_max_attempt
        deadline = time.monotonic() + expiry.total_seconds() + MARGIN_SECONDS
        while time.monotonic() < deadline and not self._handler._state_holder.state.closed:
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
