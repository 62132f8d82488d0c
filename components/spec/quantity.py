"""Kubernetes quantities, read exactly.

Grammar: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

_FORM = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)(?P<suffix>[eE][+-]?\d+|[A-Za-z]*)")
_SUFFIXES = {
    "n": Decimal(10) ** -9,
    "u": Decimal(10) ** -6,
    "m": Decimal(10) ** -3,
    "": Decimal(1),
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", start=1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", start=1)},
}
_ALLOWED = "a number with an optional suffix m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei"


def exact(quantity: str) -> Decimal:
    """The quantity's value as an exact decimal: `exact("1.5Gi")` is 1610612736.

    Raises `ValueError` for anything that Kubernetes would not read.
    """
    form = _FORM.fullmatch(quantity)
    if form is None:
        raise ValueError(f"got {quantity!r}: must be {_ALLOWED}")
    number, suffix = Decimal(form["number"]), form["suffix"]
    if suffix[:1] in ("e", "E") and suffix[1:]:
        return number.scaleb(int(suffix[1:]))
    if suffix not in _SUFFIXES:
        raise ValueError(f"got {quantity!r}: unknown suffix {suffix!r}; must be {_ALLOWED}")
    return number * _SUFFIXES[suffix]


def _positive(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"got {value!r}: must be {_ALLOWED}")
    spelled = str(value)
    if exact(spelled) <= 0:
        raise ValueError(f"got {spelled!r}: must be above 0")
    return spelled


def _cpu(value: Any) -> str:
    spelled = _positive(value)
    if exact(spelled) * 1000 % 1:
        raise ValueError(f"got {spelled!r}: CPU cannot be finer than 1m (a thousandth of a core)")
    return spelled


def _bytes(value: Any) -> str:
    spelled = _positive(value)
    if exact(spelled) % 1:
        raise ValueError(
            f"got {spelled!r}: must be whole bytes; 'm' means thousandths, did you mean 'M'?"
        )
    return spelled


Cpu = Annotated[str, BeforeValidator(_cpu)]
Bytes = Annotated[str, BeforeValidator(_bytes)]
