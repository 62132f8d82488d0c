"""`TensorBoard`: a view of what runs have logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..cluster_provider import on_cluster
from ..kube import Manifest
from ..spec.image import BuiltImage
from ..spec.inputs import mapped, text
from ..spec.model import parse
from .args import Named, TensorBoardArgs
from .render import PORT, render_tensorboard


class TensorBoard(pulumi.ComponentResource):
    """TensorBoard over the event files in a volume or a bucket, as a Deployment and a Service.

    It reads only, and shows runs as they go on. Give it the storage of the jobs' checkpoints, and
    let programs log there. Fields: `TensorBoardArgs`.
    Raises `TrainstackError` that names the field when an argument is wrong.

    >>> board = TensorBoard("board", {                             # doctest: +SKIP
    ...     "image": "registry.example/tensorboard:1.0",
    ...     "logs": {"pvc": "checkpoints"},
    ... })
    >>> pulumi.export("board", board.address)                      # doctest: +SKIP
    """

    address: pulumi.Output[str]
    """`http://<name>.<namespace>.svc`, where the cluster's pods reach it."""
    commands: pulumi.Output[dict[str, str]]
    """Shell commands: `forward` brings it to http://localhost:6006, `logs`."""

    def __init__(
        self,
        name: str,
        args: TensorBoardArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"TensorBoard {name!r}"
        spec = parse(TensorBoardArgs, args, where)
        called = spec.name or parse(Named, {"name": name}, f"{where}: logical name").name or name
        deployment, service = render_tensorboard(spec, called)
        super().__init__(
            "trainstack:index:TensorBoard",
            name,
            _summary(spec, called),
            on_cluster(spec.cluster, opts, where),
        )
        needs = [spec.image] if isinstance(spec.image, BuiltImage) else []
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=needs)
        Manifest(name, deployment, child)
        Manifest(name, service, child)
        self.address = pulumi.Output.from_input(
            text("http://", called, ".", spec.namespace, ".svc")
        )
        self.commands = pulumi.Output.from_input(
            mapped(spec.namespace, lambda namespace: _commands(called, namespace))
        )
        self.register_outputs({"address": self.address, "commands": self.commands})


def _commands(name: str, namespace: str) -> dict[str, str]:
    kubectl = f"kubectl --namespace {namespace}"
    return {
        "forward": f"{kubectl} port-forward service/{name} {PORT}:80",
        "logs": f"{kubectl} logs deployment/{name}",
    }


def _summary(spec: TensorBoardArgs, called: str) -> dict[str, Any]:
    """Flat, sorted and free of secrets: what a reviewer reads in the preview."""
    said = spec.model_dump(exclude_defaults=True, exclude={"cluster", "secrets"})
    secrets = {key: text(ref.name, "/", ref.key) for key, ref in sorted(spec.secrets.items())}
    summary = {
        **said,
        **({"secrets": secrets} if secrets else {}),
        "name": called,
        "namespace": spec.namespace,
    }
    return dict(sorted(summary.items()))
