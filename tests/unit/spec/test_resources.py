"""What a container asks of its node."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainstack import Resources
from trainstack.spec.quantity import exact
from trainstack.spec.resources import requirements

amounts = st.builds(
    Resources,
    cpu=st.none() | st.integers(1, 64),
    memory=st.none() | st.sampled_from(["512Mi", "1Gi", "1G", "64Gi"]),
    gpu=st.none() | st.integers(0, 8),
    devices=st.dictionaries(st.sampled_from(["rdma/hca", "vpc.amazonaws.com/efa"]), st.just(1)),
)


@pytest.mark.parametrize(
    ("requests", "limits", "expected"),
    [
        (None, None, {}),
        (Resources(), Resources(), {}),
        (Resources(cpu=1), None, {"requests": {"cpu": "1"}}),
        (None, Resources(cpu=1), {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}),
        (
            Resources(cpu=1, gpu=2),
            Resources(memory="1Gi"),
            {
                "limits": {"memory": "1Gi", "nvidia.com/gpu": "2"},
                "requests": {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "2"},
            },
        ),
        (
            Resources(gpu=0, devices={"rdma/hca": 0}),
            None,
            {},
        ),
    ],
)
def test_requirements(
    requests: Resources | None, limits: Resources | None, expected: dict[str, Any]
) -> None:
    assert requirements(requests, limits) == expected


@given(st.none() | amounts, st.none() | amounts)
def test_what_kubernetes_asks_of_requirements(
    requests: Resources | None, limits: Resources | None
) -> None:
    try:
        found = requirements(requests, limits)
    except ValueError:
        return
    lower, upper = found.get("requests", {}), found.get("limits", {})
    assert upper.keys() <= lower.keys()
    for name, amount in lower.items():
        if "/" in name:
            assert upper[name] == amount
        assert name not in upper or exact(amount) <= exact(upper[name])


@given(amounts)
def test_a_limit_alone_is_both(limits: Resources) -> None:
    found = requirements(None, limits)
    assert found.get("limits") == found.get("requests")
