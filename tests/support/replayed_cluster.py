"""What a cluster answered to a command, kept in a file and answered again without a cluster."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urlsplit

import urllib3

from tests.support.local_http import kubeconfig_of, served

RECORDED = Path(__file__).parents[1] / "unit" / "cli" / "recorded" / "cluster.json"
NAMESPACE = "team"
"""What the namespace is called in the file."""
_NOT_KEPT = ("caBundle", "image", "imageID", "images", "managedFields", "uid")
_LINES = 20
Answers = dict[str, dict[str, Any]]


@contextmanager
def recording(namespace: str) -> Iterator[Answers]:
    """Gathers what the cluster answers to every request within the block, by the request."""
    found: Answers = {}
    request = urllib3.PoolManager.request

    def recorded(self: Any, method: str, url: str, **rest: Any) -> urllib3.BaseHTTPResponse:
        answer = request(self, method, url, **rest)
        text = answer.data.decode()
        key = _key(url.replace(namespace, NAMESPACE))
        found[key] = {"status": answer.status, "body": _slim(text, namespace)}
        return urllib3.HTTPResponse(
            _Body(text.encode()), answer.headers, answer.status, preload_content=False
        )

    with mock.patch.object(urllib3.PoolManager, "request", recorded):
        yield found


@contextmanager
def replayed(folder: Path, answers: Answers) -> Iterator[Path]:
    """A server that gives these answers, as a kubeconfig file in `folder`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = answers.get(_key(self.path), {"status": 404, "body": None})
            body = known["body"]
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(known["status"])
            is_log = urlsplit(self.path).path.endswith("/log")
            self.send_header("Content-Type", "text/plain" if is_log else "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with served(Handler) as address:
        config = folder / "kubeconfig"
        config.write_text(json.dumps(kubeconfig_of(address)))
        yield config


class _Body(io.BytesIO):
    """Closes at its end, by which a reader of a stream knows it."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found:
            self.close()
        return found


def _key(url: str) -> str:
    """Path and sorted query, without what differs from call to call."""
    parts = urlsplit(url)
    query = [pair for pair in sorted(parse_qsl(parts.query)) if pair[0] != "sinceSeconds"]
    return f"{parts.path}?{urlencode(query)}"


def _slim(text: str, namespace: str) -> Any:
    """A body without what no reader needs; of a log its end."""
    text = text.replace(namespace, NAMESPACE)
    try:
        return _without(json.loads(text))
    except ValueError:
        return "".join(text.splitlines(keepends=True)[-_LINES:])


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without(item) for key, item in value.items() if key not in _NOT_KEPT}
        if "caBundle" in value:
            kept["caBundle"] = "QQ=="
        if isinstance(value.get("image"), str):
            kept["image"] = "registry.example/digits:1"
        return kept
    return [_without(item) for item in value] if isinstance(value, list) else value
