"""A way to an API server that loses an answer: what was asked is done, and nobody is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from kubernetes import config

from tests.support.local_http import kubeconfig_of, served

_OURS = {"connection", "content-length", "host", "transfer-encoding"}


@dataclass(frozen=True)
class Withheld:
    """What leads to it, and whether an answer is being withheld."""

    kubeconfig: dict[str, Any]
    done: threading.Event


@contextmanager
def withheld(kubeconfig: Path, path: str) -> Iterator[Withheld]:
    """Every request is handed on; the answer to a write below `path` comes when the block ends."""
    api = config.new_client_from_config(str(kubeconfig))
    done, end = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OURS}
            answer = api.rest_client.pool_manager.request(
                self.command,
                api.configuration.host + self.path,
                body=body or None,
                headers={**headers, "Accept-Encoding": "identity"},
                redirect=False,
                retries=False,
            )
            if self.command != "GET" and path in self.path and answer.status < 300:
                done.set()
                end.wait()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _OURS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _hand_on  # noqa: N815

        def log_message(self, *_words: Any) -> None:
            pass

    with served(Handler) as address:
        try:
            yield Withheld(kubeconfig_of(address), done)
        finally:
            end.set()
