"""The address of a store."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

DEFAULT_PORT = 29400
ATTEMPT_SECONDS = 3.0
PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Endpoint:
    """A host and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Of `host:port`, `host` or `[ipv6]:port`."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or "]" in port:
            host, port = text.strip(), str(DEFAULT_PORT)
        if not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"got {text!r}: must be 'host:port'")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def wait(self, seconds: float) -> str:
        """Wait until something listens there; give our own address on the way to it.

        Raises `TimeoutError` with the last obstacle.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                with socket.create_connection((self.host, self.port), ATTEMPT_SECONDS) as link:
                    return str(link.getsockname()[0])
            except OSError as error:
                if time.monotonic() >= end:
                    raise TimeoutError(f"{self}: {error}") from None
            time.sleep(PAUSE_SECONDS)
