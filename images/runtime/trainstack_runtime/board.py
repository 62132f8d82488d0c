"""Where the nodes of a run post how it went: some keys of the rendezvous store."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from .endpoint import Endpoint
from .failure import Failure
from .outcome import Success

if TYPE_CHECKING:
    from torch.distributed import TCPStore

PREFIX = "trainstack/"
ANSWER_WITHIN = timedelta(seconds=5)


class Board:
    """Typed access to those keys; each call may raise `RuntimeError` when the store is gone."""

    def __init__(self, store: TCPStore) -> None:
        self._store = store

    @classmethod
    def host(cls, port: int) -> Board:
        """Host the store in this process, on every address."""
        from torch.distributed import TCPStore

        store = TCPStore(
            "localhost", port, is_master=True, wait_for_workers=False, multi_tenant=True
        )
        store.set(PREFIX + "born", uuid.uuid4().hex)
        return cls(store)

    @classmethod
    def connect(cls, endpoint: Endpoint) -> Board:
        """Use the store at this address."""
        from torch.distributed import TCPStore

        return cls(TCPStore(endpoint.host, endpoint.port, is_master=False, timeout=ANSWER_WITHIN))

    def born(self) -> str:
        """Tells this store from any other."""
        return bytes(self._store.get(PREFIX + "born")).decode()

    def join(self) -> None:
        """A node's launcher is there."""
        self._store.add(PREFIX + "joined", 1)

    def joined(self) -> int:
        """How many ever joined."""
        return int(self._store.add(PREFIX + "joined", 0))

    def leave(self) -> None:
        """A node's launcher needs the store no longer."""
        self._store.add(PREFIX + "left", 1)

    def left(self) -> int:
        """How many left."""
        return int(self._store.add(PREFIX + "left", 0))

    def fail(self, failure: Failure) -> None:
        """A node failed for good."""
        self._store.set(self._next_failure(), json.dumps(failure.to_dict()))

    def failures(self) -> list[Failure]:
        """Of all nodes, in the order in which they were posted."""
        count = int(self._store.add(PREFIX + "failures", 0))
        keys = [f"{PREFIX}failure/{number}" for number in range(1, count + 1)]
        return [Failure(**json.loads(self._store.get(key))) for key in keys]

    def succeed(self, success: Success) -> None:
        """Rank 0's node is done."""
        self._store.set(PREFIX + "success", json.dumps(asdict(success)))

    def success(self) -> Success | None:
        """What rank 0's node posted."""
        key = PREFIX + "success"
        return Success(**json.loads(self._store.get(key))) if self._store.check([key]) else None

    def _next_failure(self) -> str:
        return f"{PREFIX}failure/{self._store.add(PREFIX + 'failures', 1)}"
