"""Kubernetes quantities, read exactly.

Grammar: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Annotated, Any

from pydantic import BeforeValidator

from .shown import shown

_FORM = re.compile(
    r"(?P<number>\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?P<suffix>[eE][+-]?\d{1,2}|[A-Za-z]{0,2})",
    re.ASCII,
)
_SUFFIXES = {
    "n": Fraction(1, 1000**3),
    "u": Fraction(1, 1000**2),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{name: Fraction(1000**power) for power, name in enumerate("kMGTPE", start=1)},
    **{f"{name}i": Fraction(1024**power) for power, name in enumerate("KMGTPE", start=1)},
}
_ALLOWED = "a number with an optional suffix m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei"
_MOST = 2**63 - 1


def exact(quantity: str) -> Fraction:
    """The quantity's exact value: `exact("1.5Gi")` is 1610612736.

    Raises `ValueError` for anything that Kubernetes would not read.
    """
    form = _FORM.fullmatch(quantity)
    if form is None:
        raise ValueError(f"got {shown(quantity)}: must be {_ALLOWED}")
    number, suffix = Fraction(form["number"].removesuffix(".")), form["suffix"]
    if suffix in _SUFFIXES:
        return number * _SUFFIXES[suffix]
    if suffix[0] in "eE" and suffix[1:].lstrip("+-").isdecimal():
        return number * Fraction(10) ** int(suffix[1:])
    raise ValueError(f"got {quantity!r}: unknown suffix {suffix!r}; must be {_ALLOWED}")


def canonical(quantity: str) -> str:
    """The quantity as Kubernetes writes it, for example `"1500m"` for `"1.5"`.

    Raises `ValueError` for anything that Kubernetes would not read.
    """
    value, suffix = exact(quantity), _FORM.fullmatch(quantity)["suffix"]  # type: ignore[index]
    if suffix.endswith("i") and value >= 1024:
        return _scaled(Fraction(ceil(value)), 1024, ("", *(f"{name}i" for name in "KMGTPE")))
    names = [f"e{power}" if power else "" for power in range(-9, 19, 3)]
    if suffix[:1] not in ("e", "E") or not suffix[1:]:
        names = ["n", "u", "m", "", *"kMGTPE"]
    nano = Fraction(ceil(value * 1000**3))
    return _scaled(nano, 1000, names) if nano else "0"


def _scaled(value: Fraction, base: int, names: Sequence[str]) -> str:
    """A whole number with the largest suffix that leaves it whole."""
    power = 0
    while value % base == 0 and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{value}{names[power]}"


def _positive(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"got {shown(value)}: must be {_ALLOWED}")
    spelled = shown(value) if isinstance(value, int) else str(value)
    if not 0 < exact(spelled) <= _MOST:
        raise ValueError(f"got {spelled!r}: must be above 0 and below 8Ei")
    return spelled


def _cpu(value: Any) -> str:
    spelled = _positive(value)
    if exact(spelled) * 1000 % 1:
        raise ValueError(f"got {spelled!r}: CPU cannot be finer than 1m (a thousandth of a core)")
    return spelled


def as_bytes(value: Any) -> str:
    """A positive number of whole bytes, as it was spelled."""
    spelled = _positive(value)
    if exact(spelled) % 1:
        raise ValueError(
            f"got {spelled!r}: must be whole bytes; 'm' means thousandths, did you mean 'M'?"
        )
    return spelled


Cpu = Annotated[str, BeforeValidator(_cpu)]
Bytes = Annotated[str, BeforeValidator(as_bytes)]
