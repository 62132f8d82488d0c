"""From hyperparameters to arguments and, through Kubernetes and a program, back."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from trainstack.spec.hyperparameters import Hyperparameters, arguments

scalars = st.one_of(
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.text("$()A ", max_size=12),
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-]{0,10}", fullmatch=True)


def rendered(said: dict[str, Any]) -> list[str]:
    return arguments(TypeAdapter(Hyperparameters).validate_python(said))


def expanded(argument: str, variables: dict[str, str]) -> str:
    """What the kubelet makes of an argument: `$(NAME)` is replaced, `$$` is `$`."""
    result, at = "", 0
    while at < len(argument):
        two = argument[at : at + 2]
        end = argument.find(")", at)
        if two == "$$":
            result, at = result + "$", at + 2
        elif two == "$(" and end != -1:
            name = argument[at + 2 : end]
            result, at = result + variables.get(name, f"$({name})"), end + 1
        else:
            result, at = result + argument[at], at + 1
    return result


@given(st.dictionaries(names, scalars, max_size=5))
def test_the_program_reads_what_was_said(said: dict[str, Any]) -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for name in said:
        parser.add_argument(f"--{name}", dest=name)
    arrived = [expanded(argument, {"A": "expanded"}) for argument in rendered(said)]
    read = vars(parser.parse_args(arrived))
    for name, value in said.items():
        text = read[name]
        if isinstance(value, bool):
            assert text == str(value).lower()
        elif isinstance(value, str):
            assert text == value
        else:
            assert type(value)(text) == value


@given(st.dictionaries(names, scalars))
def test_sorted_whatever_the_order(said: dict[str, Any]) -> None:
    backwards = dict(reversed(list(said.items())))
    assert rendered(said) == rendered(backwards)
    assert [a[2:].split("=")[0] for a in rendered(said)] == sorted(said)


@pytest.mark.parametrize("value", [None, [], {}, object(), b"x", 1j, float("inf")])
def test_not_a_scalar(value: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        rendered({"a": value})
