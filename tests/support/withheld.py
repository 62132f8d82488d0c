"""A way to an API server that loses an answer: what was asked is done, and nobody is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kubernetes import client, config

_OURS = {"connection", "content-length", "host", "transfer-encoding"}


class Withheld:
    """Hands on every request over HTTP; the answer to a write below `path` never comes."""

    def __init__(self, kubeconfig: Path, path: str) -> None:
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)
        pool = client.ApiClient(settings).rest_client.pool_manager
        self.done, self._end = threading.Event(), threading.Event()
        withheld = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _hand_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _OURS}
                answer = pool.request(
                    self.command,
                    settings.host + self.path,
                    body=body or None,
                    headers={**headers, "Accept-Encoding": "identity"},
                    redirect=False,
                    retries=False,
                )
                if self.command != "GET" and path in self.path and answer.status < 300:
                    withheld.done.set()
                    withheld._end.wait()
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

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def kubeconfig(self, file: Path) -> Path:
        """Write what leads to it."""
        address = f"http://127.0.0.1:{self._http.server_address[1]}"
        named = {"name": "test", "context": {"cluster": "test", "user": "test"}}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": address}}],
            "contexts": [named],
            "current-context": "test",
            "users": [{"name": "test", "user": {}}],
        }
        file.write_text(json.dumps(content))
        return file

    def close(self) -> None:
        """Answer no more."""
        self._end.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def withheld(kubeconfig: Path, path: str) -> Iterator[Withheld]:
    """One for as long as the block runs."""
    one = Withheld(kubeconfig, path)
    try:
        yield one
    finally:
        one.close()
