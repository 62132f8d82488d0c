"""What a dynamic provider says to the engine that calls it, over real gRPC."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
)

from trainstack.waiting.call import Call

URN = "urn:pulumi:dev::p::pulumi-python:dynamic:Resource::run-wait"
Create = Callable[[], None]


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[engine_pb2.LogRequest] = []

    def Log(self, request: engine_pb2.LogRequest, _context: Any) -> Empty:  # noqa: N802
        self.told.append(request)
        return Empty()


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers as `pulumi.dynamic` does: the resource's code sees no more than its properties."""

    def __init__(self, create: Create) -> None:
        self.create = create

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        self.create()
        return provider_pb2.CreateResponse(id="run-v1")


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Serves gRPC; gives the port."""
    servers = []

    def serve(add: Callable[[Any, Any], None], servicer: Any) -> int:
        server = grpc.server(ThreadPoolExecutor(max_workers=2))
        add(servicer, server)
        port: int = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return port

    yield serve
    for server in servers:
        server.stop(None)


@pytest.fixture
def create(serve: Callable[..., int]) -> Callable[[Create], None]:
    """Calls a provider whose resource runs this code."""

    def call(code: Create) -> None:
        add = provider_pb2_grpc.add_ResourceProviderServicer_to_server
        with grpc.insecure_channel(f"127.0.0.1:{serve(add, Provider(code))}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Create(provider_pb2.CreateRequest(urn=URN))

    return call


def test_lines_are_shown_beside_the_resource(
    serve: Callable[..., int],
    create: Callable[[Create], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    port = serve(engine_pb2_grpc.add_EngineServicer_to_server, engine)
    monkeypatch.setattr(sys, "argv", ["plugin", f"127.0.0.1:{port}"])
    create(lambda: Call.current().tell("step 3/9"))
    (told,) = engine.told
    assert (told.message, told.urn, told.ephemeral) == ("step 3/9", URN, True)
    assert told.severity == engine_pb2.INFO


def test_an_error_comes_without_grpcs_words(create: Callable[[Create], None]) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(lambda: Call.current().fail(RuntimeError("PyTorchJob run-v1 failed: boom\n  more")))
    assert caught.value.details() == "PyTorchJob run-v1 failed: boom\n  more"


def test_an_engine_that_does_not_answer_is_no_reason_to_fail(
    create: Callable[[Create], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["plugin", "127.0.0.1:1"])
    create(lambda: Call.current().tell("step 3/9"))
    assert "step 3/9\n" in capfd.readouterr().err


def test_outside_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    Call.current().tell("step 3/9")
    assert capsys.readouterr().err == "step 3/9\n"
    with pytest.raises(RuntimeError, match="boom"):
        Call.current().fail(RuntimeError("boom"))
