"""Kubernetes quantities: exact, and refused where Kubernetes refuses."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from trainstack.spec.model import TrainstackError, parse
from trainstack.spec.quantity import canonical, exact
from trainstack.spec.resources import Resources

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
POWERS = {
    **dict(zip(["n", "u", "m", "", "k", "M", "G", "T", "P", "E"], range(-3, 7), strict=True)),
}
numbers = st.decimals(
    min_value=0, max_value=10**18, places=6, allow_nan=False, allow_infinity=False
).map(lambda number: format(number, "f"))


def reference(number: str, suffix: str) -> Decimal:
    with localcontext() as context:
        context.prec = 200
        if suffix.endswith("i"):
            return Decimal(number) * Decimal(1024) ** (" KMGTPE".index(suffix[0]))
        return Decimal(number) * Decimal(1000) ** POWERS[suffix]


@given(numbers, st.sampled_from(SUFFIXES))
def test_exact_against_decimal_arithmetic(number: str, suffix: str) -> None:
    value = exact(number + suffix)
    with localcontext() as context:
        context.prec = 200
        assert Decimal(value.numerator) / Decimal(value.denominator) == reference(number, suffix)


@given(st.integers(0, 10**9), st.sampled_from(SUFFIXES))
def test_agrees_with_the_kubernetes_client(number: int, suffix: str) -> None:
    assert exact(f"{number}{suffix}") == parse_quantity(f"{number}{suffix}")


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        ("1.5Gi", 1610612736),
        ("0.1", Decimal("0.1")),
        ("100m", Decimal("0.1")),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1e-3", Decimal("0.001")),
        (".5", Decimal("0.5")),
        ("5.", 5),
    ],
)
def test_spellings(spelled: str, value: Decimal | int) -> None:
    assert exact(spelled) == value


@pytest.mark.parametrize(
    ("spelled", "written"),
    [
        *[("0.5", "500m"), ("1000m", "1"), ("1.5", "1500m"), ("1000", "1k"), ("0", "0")],
        *[("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"), ("1000Ki", "1000Ki")],
        *[("1e3", "1e3"), ("1E4", "10e3"), ("100G", "100G"), ("12E", "12E"), ("0.1n", "1n")],
    ],
)
def test_as_kubernetes_writes_it(spelled: str, written: str) -> None:
    assert canonical(spelled) == written


@given(st.integers(0, 10**12), st.sampled_from(SUFFIXES))
def test_writing_keeps_the_value_and_is_done_once(number: int, suffix: str) -> None:
    written = canonical(f"{number}{suffix}")
    assert exact(written) == exact(f"{number}{suffix}")
    assert canonical(written) == written


@pytest.mark.parametrize(
    "spelled",
    [
        *["", " ", "1 Gi", "Gi", "1GB", "1Gib", "1K", "1gi", "1MI", "1e", "1e1.5", "1_000", "0x10"],
        *["1,5", "-1", "--1", "1..5", ".", "nan", "inf", "1\n", "\u0661", "1e999", "9" * 50],
    ],
)
def test_refused(spelled: str) -> None:
    with pytest.raises(ValueError, match="got "):
        exact(spelled)


@given(st.text(max_size=12) | st.text("0123456789.eEmkMGTPi+-", max_size=10))
def test_any_text_is_read_as_the_client_reads_it_or_refused(spelled: str) -> None:
    try:
        value = exact(spelled)
    except ValueError:
        return
    assert value == parse_quantity(spelled)


@given(st.one_of(st.integers(1, 2**63 - 1), st.floats(0.001, 1e6)))
def test_amounts_of_bytes_are_whole_and_cpu_is_milli(value: float) -> None:
    for field, whole in (("memory", exact(str(value))), ("cpu", exact(str(value)) * 1000)):
        if whole % 1 == 0:
            resources = parse(Resources, {field: value}, "test")
            assert exact(getattr(resources, field)) == exact(str(value))
        else:
            with pytest.raises(TrainstackError):
                parse(Resources, {field: value}, "test")


def test_the_spelling_is_kept() -> None:
    resources = parse(Resources, {"cpu": 0.5, "mem": "1.5Gi", "gpu": "2"}, "test")
    assert resources.to_kube() == {"cpu": "0.5", "memory": "1.5Gi", "nvidia.com/gpu": "2"}
