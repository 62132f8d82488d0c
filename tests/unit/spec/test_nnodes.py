"""Numbers of nodes, in every spelling."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.jobs import LEAST
from trainstack import ElasticJobArgs, TrainstackError
from trainstack.spec.model import parse

counts = st.integers(1, 9999)


def read(nnodes: Any) -> ElasticJobArgs:
    return parse(ElasticJobArgs, {**LEAST, "nnodes": nnodes}, "ElasticJob 'x'")


@given(counts)
def test_a_number_is_that_many(count: int) -> None:
    for spelled in (count, str(count), f"{count}:{count}"):
        assert read(spelled).nnodes == count
        assert read(spelled).nodes == (count, count)


@given(counts, counts)
def test_a_range(one: int, other: int) -> None:
    least, most = sorted((one, other))
    assert read(f"{least}:{most}").nodes == (least, most)
    if least < most:
        assert read(f"{least}:{most}").nnodes == f"{least}:{most}"
        assert refused(f"{most}:{least}")


@given(st.integers(max_value=0) | st.integers(min_value=10_000))
def test_too_few_and_too_many(count: int) -> None:
    assert refused(count)
    assert refused(str(count))
    assert refused(f"1:{count}")


@given(st.text() | st.text("0123456789:", max_size=6))
def test_any_text_is_a_number_or_a_range_or_refused(text: str) -> None:
    if refused(text):
        return
    parts = [int(part) for part in text.split(":")]
    assert text.isascii()
    assert read(text).nodes == (parts[0], parts[-1])


@given(st.none() | st.booleans() | st.floats() | st.lists(counts) | st.binary())
def test_nothing_else_is_taken(value: Any) -> None:
    assert refused(value)


def refused(nnodes: Any) -> bool:
    try:
        read(nnodes)
    except TrainstackError as error:
        assert 'must be a number of nodes or "min:max"' in str(error)
        return True
    return False
