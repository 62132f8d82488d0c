"""The engine's call of a dynamic provider, to which `pulumi.dynamic` passes properties only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Call:
    """Shows lines beside the resource, and ends it with an error in our own words.

    `request` and `context` are those of gRPC; without them lines go to stderr, which the engine
    shows beside the stack, and gRPC puts words of its own before the error.
    """

    def __init__(self, request: Any = None, context: grpc.ServicerContext | None = None) -> None:
        self._urn = str(getattr(request, "urn", ""))
        self._context = context
        self._engine = _engine() if self._urn else None

    @classmethod
    def current(cls) -> Call:
        """The call that this thread answers."""
        for frame in _callers():
            found = frame.f_locals
            if isinstance(found.get("context"), grpc.ServicerContext):
                return cls(found.get("request"), found["context"])
        return cls()

    def tell(self, text: str) -> None:
        """Show a line."""
        if self._engine is not None:
            said = engine_pb2.LogRequest(
                severity=engine_pb2.INFO, message=text, urn=self._urn, ephemeral=True
            )
            with suppress(grpc.RpcError):
                self._engine.Log(said, timeout=5)
                return
        print(text, file=sys.stderr, flush=True)

    def fail(self, error: Exception) -> NoReturn:
        """End with this error."""
        if self._context is not None:
            self._context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise error


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _engine() -> engine_pb2_grpc.EngineStub | None:
    """The engine whose address is the plugin's only argument."""
    if len(sys.argv) < 2:
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(sys.argv[-1]))
