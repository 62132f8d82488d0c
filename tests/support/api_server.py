"""An API server that answers what a test wants, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


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

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """What leads to it."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.address}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
            "users": [{"name": "test", "user": {}}],
        }

    def close(self) -> None:
        """Answer no more."""
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """One with nothing in it."""
    server = ApiServer()
    try:
        yield server
    finally:
        server.close()


def items(*found: dict[str, Any]) -> dict[str, Any]:
    """A list as the API sends it."""
    return {"items": list(found)}
