"""Pools of nodes in the comment: what changes of each, before and after."""

from __future__ import annotations

from typing import Any

import trainstack as ts
from tests.support.pools import EKS, KARPENTER, changed
from trainstack.review.change import FieldChange, Pool, PoolChange, Review, StackChange
from trainstack.review.comment import comment
from trainstack.review.preview import Preview, State, Step
from trainstack.review.reading import stack_change
from trainstack.testing import synth

URN = "urn:pulumi:dev::shop::trainstack:index:KarpenterGpuNodePool::"
PRICED = changed(KARPENTER, region="us-east-1")


def state(**said: Any) -> State:
    pool = changed(PRICED, **said)
    made = synth(lambda: ts.KarpenterGpuNodePool("h100", pool)).one("KarpenterGpuNodePool")
    return State(made.type, "", made.inputs)


def read(*steps: Step) -> StackChange:
    return stack_change(Preview(steps, (), (), {}, failed=False))


def test_what_happens_to_each_pool() -> None:
    old, new = state(), state(max_nodes=8, region=None, weight=5)
    stack = read(
        Step("same", f"{URN}idle", old, old),
        Step("update", f"{URN}h100", old, new),
        Step("create", f"{URN}fresh", None, old),
        Step("delete", f"{URN}gone", old, None),
    )
    four = Pool("p5.48xlarge", 4, 32, 220.16)
    eight = Pool("p5.48xlarge", 8, 64, None)
    kind = "KarpenterGpuNodePool"
    fields = (
        FieldChange("max_nodes", "4", "8"),
        FieldChange("price_per_hour", "55.04", None),
        FieldChange("region", "us-east-1", None),
        FieldChange("weight", None, "5"),
    )
    assert stack.pools == (
        PoolChange("gone", kind, "delete", four, None, ()),
        PoolChange("fresh", kind, "create", None, four, ()),
        PoolChange("h100", kind, "update", four, eight, fields),
    )
    assert stack.others == ()
    assert "Nothing happens to any run." in comment(Review((stack,)))
    assert """
|  | pool | machine | nodes at most | GPUs | $/h | what changes |
| --- | --- | --- | --- | --- | --- | --- |
| `-` | `gone` (`KarpenterGpuNodePool`) | `p5.48xlarge` | 4 → 0 | 32 → 0 | 220.16 → 0 |  |
| `+` | `fresh` (`KarpenterGpuNodePool`) | `p5.48xlarge` | 0 → 4 | 0 → 32 | 0 → 220.16 |  |
| `~` | `h100` (`KarpenterGpuNodePool`) | `p5.48xlarge` | 4 → 8 | 32 → 64 | 220.16 → ? | \
`max_nodes`, `price_per_hour`, `region`, `weight` |
""" in comment(Review((stack,)))


def test_another_machine() -> None:
    stack = read(Step("update", f"{URN}h100", state(), state(machine="p5en.48xlarge")))
    assert "| `p5.48xlarge` → `p5en.48xlarge` | 4 | 32 |" in comment(Review((stack,)))


def test_pools_of_every_cloud_are_told_by_their_inputs() -> None:
    made = synth(lambda: ts.EksGpuNodePool("h100", EKS)).one("EksGpuNodePool")
    stack = read(Step("create", f"{URN}h100", None, State(made.type, "", made.inputs)))
    (pool,) = stack.pools
    assert (pool.kind, pool.after) == ("EksGpuNodePool", Pool("p5.48xlarge", 4, 32, None))
