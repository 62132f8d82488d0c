"""A connection from each node's launcher to the next one's, which breaks when that one dies."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

CONNECT_SECONDS = 1.0
KEY = "trainstack/line/"


class Line:
    """Nodes in a ring: the kernel of a killed launcher tells its neighbour at once.

    A host that falls silent closes nothing: there the heartbeat decides, seconds later. The
    neighbour's connection needs no answer: it waits at the door until the round is over.
    """

    def __init__(self) -> None:
        dual = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if dual else socket.AF_INET
        self._door = socket.create_server(("", 0), family=family, dualstack_ipv6=dual)
        self._door.setblocking(False)
        self._store: Any = None
        self._next: Any = None
        self._link: socket.socket | None = None
        self._dead = False
        os.register_at_fork(after_in_child=self._let_go)

    def join(self, store: Any, own: Any, ranks: Mapping[Any, int]) -> None:
        """A new round: its part of the store, this node, and the ranks of all that met."""
        self._hang_up()
        store.set(f"{KEY}{own}", str(self._door.getsockname()[1]))
        ring = sorted(ranks, key=lambda node: ranks[node])
        if own in ranks and len(ring) > 1:
            self._store, self._next = store, ring[(ring.index(own) + 1) % len(ring)]

    def dead(self) -> Any:
        """The next node, if its launcher is certainly gone."""
        if self._next is not None and not self._dead:
            self._dead = self._broken() if self._link else not self._reached()
        return self._next if self._dead else None

    def close(self) -> None:
        """To the previous node this looks like death."""
        self._hang_up()
        self._door.close()

    def _let_go(self) -> None:
        """A forked rank that outlives its launcher would keep the connection alive."""
        self._door.close()
        if self._link:
            self._link.close()

    def _hang_up(self) -> None:
        if self._link:
            self._link.close()
        self._link, self._next, self._dead = None, None, False
        with suppress(BlockingIOError):
            while True:
                self._door.accept()[0].close()

    def _reached(self) -> bool:
        """Connect, as soon as the next node has said where; where nothing answers, do without."""
        key = f"{KEY}{self._next}"
        if not self._store.check([key]):
            return True
        address = (self._next.addr, int(self._store.get(key)))
        try:
            self._link = socket.create_connection(address, CONNECT_SECONDS)
        except (ConnectionRefusedError, ConnectionResetError):
            return False
        except OSError:
            self._next = None
            return True
        self._link.setblocking(False)
        return True

    def _broken(self) -> bool:
        assert self._link is not None
        try:
            return not self._link.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            return True
