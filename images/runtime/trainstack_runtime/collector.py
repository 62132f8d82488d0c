"""Where a launcher hears of ranks that run in other pods.

Each rank keeps one TCP connection on which both sides send JSON, a message a line:

    rank      {"token": …, "hello": {"host": …, "rank": …, "local_rank": …, "world_size": …}}
    launcher  {"go": {"node": …, "nodes": …}}  or  {"refused": "why"}
    launcher  {"stop": true}                          save and end, at any time later
    rank      {"done": {"result": …, "decks": […]}}  or  {"failure": {…}}

A connection that ends without a last word is a rank that died.
"""

from __future__ import annotations

import json
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .failure import Failure


@dataclass
class Rank:
    """What is known of one rank."""

    host: str
    rank: int
    local_rank: int
    world_size: int
    link: socket.socket = field(repr=False)
    done: dict[str, Any] | None = None
    failure: Failure | None = None
    gone: bool = False

    def send(self, **message: Any) -> None:
        """Say something to it; one that is gone hears nothing."""
        try:
            self.link.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.gone = True


class Collector:
    """Takes the ranks' connections until it is closed.

    `admit` is called, under a lock, with all ranks so far whenever one has said hello; it answers
    them with `Rank.send`.
    """

    def __init__(self, admit: Callable[[list[Rank]], None]) -> None:
        self.token = secrets.token_hex(16)
        self._admit = admit
        self._lock = threading.Lock()
        self._ranks: list[Rank] = []
        self._stopping = False
        self._server = _Server(("0.0.0.0", 0), self._serve)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where ranks connect to."""
        return int(self._server.server_address[1])

    @property
    def ranks(self) -> list[Rank]:
        """All ranks that have said hello, in the order of their coming."""
        with self._lock:
            return list(self._ranks)

    def failures(self) -> list[Failure]:
        """What ranks told, and those that died without a word."""
        ranks = self.ranks
        told = [rank.failure for rank in ranks if rank.failure]
        return told or [_silent(rank) for rank in ranks if rank.gone and not rank.done]

    def stop(self) -> None:
        """Ask every rank to save and end, also those that come later."""
        with self._lock:
            self._stopping = True
            for rank in self._ranks:
                rank.send(stop=True)

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, link: socket.socket) -> None:
        rank: Rank | None = None
        with link, link.makefile("r", encoding="utf-8") as lines:
            try:
                for line in lines:
                    message = json.loads(line)
                    if rank is None:
                        rank = self._greeted(message, link)
                        if rank is None:
                            return
                    else:
                        self._heard(rank, message)
            except (OSError, ValueError):
                pass
            finally:
                if rank is not None:
                    rank.gone = True

    def _greeted(self, message: dict[str, Any], link: socket.socket) -> Rank | None:
        if not secrets.compare_digest(str(message.get("token")), self.token):
            return None
        rank = Rank(link=link, **message["hello"])
        with self._lock:
            self._ranks.append(rank)
            self._admit(self._ranks)
            if self._stopping:
                rank.send(stop=True)
        return rank

    @staticmethod
    def _heard(rank: Rank, message: dict[str, Any]) -> None:
        if "done" in message:
            rank.done = message["done"]
        elif "failure" in message:
            rank.failure = Failure(**message["failure"])


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], serve: Callable[[socket.socket], None]) -> None:
        super().__init__(address, socketserver.BaseRequestHandler)
        self._serve = serve

    def finish_request(self, request: Any, client_address: Any) -> None:
        self._serve(request)


def _silent(rank: Rank) -> Failure:
    return Failure(
        "signal",
        1,
        f"the process on {rank.host} died without a word, often because its pod was lost or a "
        "signal ended it",
        rank=rank.rank,
        at=time.time(),
        lost_peer=True,
    )
