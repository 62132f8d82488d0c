"""Tests for stacks without a cluster, a CLI or a provider: `synth()`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.proto import resource_pb2


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it."""

    type: str
    """Pulumi type token, for example `trainstack:index:ElasticJob`."""
    name: str
    """Logical name."""
    inputs: dict[str, Any]
    """Inputs as they go over the wire; what is unknown in preview is `UNKNOWN`."""
    parent: str
    """Logical name of the parent; empty for the stack."""
    options: dict[str, Any]
    """All other fields of the request: `dependencies`, `deleteBeforeReplace`, `provider`, …"""


@dataclass(frozen=True)
class Synthesis:
    """What a program registered, in order, and what it exported."""

    registrations: list[Registration]
    outputs: dict[str, Any] = field(default_factory=dict)

    def of_type(self, type_: str) -> list[Registration]:
        """All registrations of a type, named whole or by its last part (`ElasticJob`)."""
        return [r for r in self.registrations if type_ in (r.type, r.type.split(":")[-1])]

    def one(self, type_: str) -> Registration:
        """The only registration of a type.

        Raises `LookupError` when there is none, or more than one.
        """
        found = self.of_type(type_)
        if len(found) != 1:
            known = ", ".join(f"{r.type} {r.name}" for r in self.registrations)
            raise LookupError(f"{len(found)} registrations of {type_}; there are: {known}")
        return found[0]


_PROTOCOL = frozenset(
    {
        "acceptResources",
        "acceptSecrets",
        "hooks",
        "propertyDependencies",
        "sourcePosition",
        "stackTrace",
        "supportsPartialValues",
        "supportsResultReporting",
    }
)

UNKNOWN = rpc.UNKNOWN
"""Stands in inputs for a value that is not known before `up`."""


def synth(
    program: Callable[[], object],
    *,
    project: str = "project",
    stack_name: str = "stack",
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secret_config: Collection[str] = (),
    folder: Path | None = None,
) -> Synthesis:
    """Run a Pulumi program and return everything that it registers.

    `config` maps keys such as `"project:lr"` to texts, those in `secret_config` are secrets,
    `folder` is the working folder (default: the current one), `preview=True` leaves outputs of
    resources unknown. A Kubernetes object without a name gets that of its resource. Errors of the
    program are raised as they are.

    >>> import trainstack as ts
    >>> made = synth(lambda: ts.ElasticJob("hello", {
    ...     "image": "registry.example/hello:1", "program": {"module": "hello"}}))
    >>> made.one("Job").inputs["metadata"]["namespace"]
    'default'
    """
    before = Path.cwd()
    os.chdir(folder or before)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        monitor = _Recorder(preview)
        settings.reset_options()
        mocks.set_mocks(_Echo(), project, stack_name, preview, monitor=monitor)
        settings.set_root_resource(None)  # type: ignore[arg-type]
        pulumi.runtime.set_all_config(dict(config or {}), list(secret_config))
        loop.run_until_complete(stack.run_in_stack(lambda: _none(program())))
        return Synthesis(monitor.registrations, monitor.outputs)
    finally:
        os.chdir(before)
        pulumi.runtime.set_all_config({}, [])
        settings.reset_options()
        _stop_tasks(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _stop_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """End what still waits after an error, without asyncio's complaint about each."""
    loop.set_exception_handler(lambda _loop, _context: None)
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


def _none(_: object) -> None:
    return None


class _Echo(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


class _Recorder(mocks.MockMonitor):
    def __init__(self, preview: bool) -> None:
        super().__init__(_Echo())
        self.preview = preview
        self.registrations: list[Registration] = []
        self.outputs: dict[str, Any] = {}
        self.urns: set[str] = set()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Keep the request, and answer it with what was said."""
        # Answered here and not by the mock, which leaves an event loop open in every thread.
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack":
            if urn in self.urns:
                raise pulumi.RunError(f"two resources are called {request.name!r}: {urn}")
            self.urns.add(urn)
            said = json_format.MessageToDict(request)
            self.registrations.append(
                Registration(
                    type=said.pop("type"),
                    name=said.pop("name"),
                    inputs=_whole(said.pop("object", {})),
                    parent=_name_in(said.pop("parent", "")),
                    options={key: value for key, value in said.items() if key not in _PROTOCOL},
                )
            )
        known = not self.preview or request.type.startswith("pulumi:providers:")
        id_ = f"{request.name}-id" if request.custom and known else ""
        answer = json_format.MessageToDict(request.object)
        if known:
            answer |= computed(request.type, request.name)
        return resource_pb2.RegisterResourceResponse(
            urn=urn,
            id=id_,
            object=json_format.ParseDict(
                named(request.type, request.name, answer), type(request.object)()
            ),
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep the stack's outputs."""
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.outputs = _whole(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)


def named(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a resource, a Kubernetes object without a name named as its resource is."""
    metadata = inputs.get("metadata", {})
    if not type_.startswith("kubernetes:") or "apiVersion" not in inputs or "name" in metadata:
        return inputs
    return {**inputs, "metadata": {**metadata, "name": name}}


def computed(type_: str, name: str) -> dict[str, Any]:
    """What a cloud adds to the inputs of a resource and pools ask for."""
    if type_ == "aws:ec2/launchTemplate:LaunchTemplate":
        return {"latestVersion": 1}
    if type_ == "aws:eks/nodeGroup:NodeGroup":
        return {"resources": [{"autoscalingGroups": [{"name": f"eks-{name}"}]}]}
    return {}


def _name_in(urn: str) -> str:
    return "" if "::pulumi:pulumi:Stack::" in urn or not urn else urn.rsplit("::", 1)[-1]


def _whole(value: Any) -> Any:
    """Undo the wire's floats: `3.0` was said as `3`."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
