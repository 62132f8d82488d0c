"""An API server that answers what a test wants, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.local_http import kubeconfig_of, served


class ApiServer:
    """Answers by path, bytes as they are, the rest as JSON; what it does not know is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                server.asked.append((url.path, parse_qs(url.query)))
                answer = server.answers.get(url.path, 404)
                self.send_response(answer if isinstance(answer, int) else 200)
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                kind = "text/plain" if isinstance(answer, bytes) else "application/json"
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_words: Any) -> None:
                pass

        self._open = ExitStack()
        self.address = self._open.enter_context(served(Handler))

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """What leads to it."""
        return kubeconfig_of(self.address)

    def close(self) -> None:
        """Answer no more."""
        self._open.close()


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """One with nothing in it."""
    with closing(ApiServer()) as server:
        yield server


def items(*found: dict[str, Any]) -> dict[str, Any]:
    """A list as the API sends it."""
    return {"items": list(found)}
