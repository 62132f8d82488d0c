"""The algebra of laying one pod over another."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainstack.spec.overlay import laid_over

leaves = st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.text("ab", max_size=2))
keys = st.sampled_from(["a", "b", "c"])


def named(children: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[list[Any]]:
    item = st.tuples(keys, st.dictionaries(keys, children, max_size=2))
    return st.lists(
        item.map(lambda pair: {**pair[1], key: pair[0]}), max_size=3, unique_by=lambda i: i[key]
    )


trees = st.recursive(
    leaves,
    lambda children: st.one_of(
        st.dictionaries(keys, children, max_size=3),
        st.lists(children, max_size=3),
        named(children, "name"),
        named(children, "mountPath"),
    ),
    max_leaves=12,
)
dicts = st.dictionaries(keys, trees, max_size=3)


@given(trees, trees)
def test_twice_is_once(base: Any, overlay: Any) -> None:
    once = laid_over(base, overlay)
    assert laid_over(once, overlay) == once


@given(trees, trees)
def test_neither_side_is_changed(base: Any, overlay: Any) -> None:
    before = copy.deepcopy((base, overlay))
    laid_over(base, overlay)
    assert (base, overlay) == before


@given(dicts)
def test_nothing_over_something_is_that_and_the_other_way_round(tree: dict[str, Any]) -> None:
    assert laid_over(tree, {}) == tree
    assert laid_over({}, tree) == tree
    assert laid_over(tree, tree) == tree


@given(dicts, dicts)
def test_what_the_overlay_says_holds(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    assert says(laid_over(base, overlay), overlay)


def says(found: Any, overlay: Any) -> bool:
    if isinstance(overlay, dict):
        return isinstance(found, dict) and all(
            key in found and says(found[key], value) for key, value in overlay.items()
        )
    if isinstance(overlay, list) and overlay and isinstance(found, list):
        return found == overlay or all(any(says(one, item) for one in found) for item in overlay)
    return bool(found == overlay)


@pytest.mark.parametrize(
    ("base", "overlay", "expected"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [{"name": "x"}]}, {"a": []}, {"a": []}),
        (
            {"a": [{"name": "x", "p": 1}, {"name": "y"}]},
            {"a": [{"name": "z"}, {"name": "x", "q": 2}]},
            {"a": [{"name": "x", "p": 1, "q": 2}, {"name": "y"}, {"name": "z"}]},
        ),
        (
            {"a": [{"name": "v", "mountPath": "/a"}]},
            {"a": [{"name": "v", "mountPath": "/b"}, {"name": "w", "mountPath": "/a"}]},
            {"a": [{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]},
        ),
        ({"a": [{"name": "x"}]}, {"a": [{"key": "y"}]}, {"a": [{"key": "y"}]}),
    ],
)
def test_rules(base: Any, overlay: Any, expected: Any) -> None:
    assert laid_over(base, overlay) == expected
