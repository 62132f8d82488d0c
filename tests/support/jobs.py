"""Small helpers to say a job, render it, and compare what came out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainstack import ElasticJobArgs, HorovodJobArgs, MPIJobArgs, PyTorchJobArgs, TFJobArgs
from trainstack.mpi.render import render_horovod, render_mpi
from trainstack.pytorch.render import render_elastic, render_pytorch
from trainstack.spec.model import parse
from trainstack.spec.run import Run
from trainstack.tensorflow.render import render_tensorflow

RUN = Run("PyTorchJob", "mnist", "0a1b2c3d", "shop", "dev")
LABELS = {
    "trainstack.dev/kind": "PyTorchJob",
    "trainstack.dev/run": "mnist",
    "trainstack.dev/stack": "shop.dev",
    "trainstack.dev/version": "0a1b2c3d",
}
LEAST = {"image": "registry.example/mnist:1", "program": {"module": "pkg.train"}}
"""The least that a job needs."""


def pytorch(**said: Any) -> dict[str, Any]:
    """The manifest of a PyTorchJob with `LEAST` and what else is said."""
    return render_pytorch(parse(PyTorchJobArgs, {**LEAST, **said}, "PyTorchJob 'mnist'"), RUN)


def elastic(**said: Any) -> dict[str, Any]:
    """The manifest of an ElasticJob with `LEAST` and what else is said."""
    return render_elastic(parse(ElasticJobArgs, {**LEAST, **said}, "ElasticJob 'mnist'"), RUN)


def mpi(**said: Any) -> dict[str, Any]:
    """The manifest of an MPIJob with `LEAST` and what else is said."""
    args = parse(MPIJobArgs, {**LEAST, **said}, "MPIJob 'mnist'")
    return render_mpi(args, replace(RUN, kind="MPIJob"))


def horovod(**said: Any) -> dict[str, Any]:
    """The manifest of a HorovodJob with `LEAST` and what else is said."""
    args = parse(HorovodJobArgs, {**LEAST, **said}, "HorovodJob 'mnist'")
    return render_horovod(args, replace(RUN, kind="HorovodJob"))


def tensorflow(**said: Any) -> dict[str, Any]:
    """The manifest of a TFJob with `LEAST` and what else is said."""
    args = parse(TFJobArgs, {**LEAST, **said}, "TFJob 'mnist'")
    return render_tensorflow(args, replace(RUN, kind="TFJob"))


def pod(manifest: Mapping[str, Any], role: str | None = None) -> dict[str, Any]:
    """The pod spec of a role, or of a batch Job."""
    spec = manifest["spec"]
    roles: Any = next((value for key, value in spec.items() if key.endswith("ReplicaSpecs")), {})
    found: dict[str, Any] = (spec if role is None else roles[role])["template"]["spec"]
    return found


def container(manifest: Mapping[str, Any], role: str | None = None) -> dict[str, Any]:
    """The training container of a role, or of a batch Job."""
    found: dict[str, Any] = pod(manifest, role)["containers"][0]
    return found


def env(manifest: Mapping[str, Any], role: str | None = None) -> dict[str, Any]:
    """The training container's plain environment, and where the rest comes from."""
    return {
        item["name"]: item.get("value", item.get("valueFrom"))
        for item in container(manifest, role)["env"]
    }


def changed(manifest: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy in which the values at these paths (`a/b/0/c`) are set, or gone if None."""
    whole = copy.deepcopy(dict(manifest))
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
        at: Any = whole
        for part in parents:
            at = at[part]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return whole
