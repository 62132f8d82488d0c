"""Who gives pods more GPUs than ranks is told so, in preview, and is not stopped."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST
from trainstack.testing import synth

POOL = ts.PoolProfile(name="h100", gpus=8)


@pytest.fixture(name="warnings")
def _warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", found.append)
    return found


def make(kind: Any, said: dict[str, Any]) -> None:
    made = synth(lambda: kind("mnist", {**LEAST, **said}), preview=True)
    assert made.one(f"trainstack:index:{kind.__name__}").inputs["gpus"]


@pytest.mark.parametrize(
    ("kind", "said", "message"),
    [
        (
            ts.ElasticJob,
            {"pool": POOL},
            "nproc_per_node: each pod has 8 GPUs and 1 rank; unless a rank uses several, say "
            "nproc_per_node='gpu'",
        ),
        (
            ts.ElasticJob,
            {"nnodes": 2, "nproc_per_node": 2, "resources": {"gpu": 4}},
            "nproc_per_node: each pod has 4 GPUs and 2 ranks; unless a rank uses several, say "
            "nproc_per_node='gpu'",
        ),
        (
            ts.PyTorchJob,
            {"worker": {"replicas": 1, "pool": POOL}},
            "program: each pod has 8 GPUs and 1 rank; unless a rank uses several, say gpu=1, or "
            "make it an ElasticJob",
        ),
        (
            ts.MPIJob,
            {"pool": POOL, "slots": 4},
            "slots: each pod has 8 GPUs and 4 ranks; unless a rank uses several, say slots=8",
        ),
        (
            ts.HorovodJob,
            {"pool": POOL},
            "slots: each pod has 8 GPUs and 1 rank; unless a rank uses several, say slots=8",
        ),
    ],
)
def test_a_warning(warnings: list[str], kind: Any, said: dict[str, Any], message: str) -> None:
    make(kind, said)
    assert warnings == [f"{kind.__name__} 'mnist': {message}"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ts.ElasticJob, {"pool": POOL, "nproc_per_node": "gpu"}),
        (ts.ElasticJob, {"pool": POOL, "nproc_per_node": 16}),
        (ts.PyTorchJob, {"pool": POOL, "resources": {"gpu": 1}}),
        (ts.PyTorchJob, {"pool": POOL, "program": None, "command": ["torchrun", "train.py"]}),
        (ts.MPIJob, {"pool": POOL, "slots": 8}),
        (ts.TFJob, {"pool": POOL}),
    ],
)
def test_none(warnings: list[str], kind: Any, said: dict[str, Any]) -> None:
    """A command may start ranks of its own, and TensorFlow's one process uses all GPUs."""
    make(kind, said)
    assert warnings == []
