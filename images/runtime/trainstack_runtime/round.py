"""What the nodes of one round tell each other, in the round's own part of the store."""

from __future__ import annotations

import uuid
from typing import Any

PREFIX = "trainstack/"


class Round:
    """Typed access to those keys, as one of its nodes; `rank` is the node's, not a process's."""

    def __init__(self, store: Any, rank: int, nodes: int) -> None:
        self.store = store
        self._rank = rank
        self._nodes = nodes

    def launch(self) -> str:
        """A text that no other round has: what the first node proposed."""
        said: bytes = self.store.compare_set(PREFIX + "launch", "", uuid.uuid4().hex)
        return said.decode()

    def finish(self) -> None:
        """This node's ranks have ended well."""
        self.store.set(_done(self._rank), "1")
        self.store.set(PREFIX + "ending", "1")

    def done(self, *ranks: int) -> bool:
        """Whether the ranks of all these nodes have ended well."""
        return bool(self.store.check([_done(rank) for rank in ranks]))

    def over(self) -> bool:
        """Whether those of every node have."""
        return self.done(*range(self._nodes))

    def ending(self) -> bool:
        """Whether those of any node have."""
        return bool(self.store.check([PREFIX + "ending"]))

    def leave(self) -> None:
        """This node was asked to stop, and will be gone when its ranks have saved."""
        self.store.set(PREFIX + "leaving", "1")

    def leaving(self) -> bool:
        """Whether any node is about to be gone."""
        return bool(self.store.check([PREFIX + "leaving"]))


def _done(rank: int) -> str:
    return f"{PREFIX}done/{rank}"
