"""Hyperparameters, and the arguments that they become."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pulumi import Output
from pydantic import BeforeValidator, StringConstraints

from .inputs import In, mapped, text
from .json_values import whole
from .shown import shown


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"got {shown(value)}: must be finite")
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError(f"got {shown(value)}: must be a text, a number or a bool")


def _whole_when_known(value: Any) -> Any:
    return value.apply(whole) if isinstance(value, Output) else value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]*$")]
Scalar = Annotated[str, BeforeValidator(_spelled)]
Hyperparameters = dict[Name, Annotated[In[Scalar], BeforeValidator(_whole_when_known)]]


def arguments(hyperparameters: Mapping[str, Any]) -> list[Any]:
    """Sorted `--name=value` arguments: `{"lr": "0.1"}` becomes `["--lr=0.1"]`."""
    pairs = sorted(hyperparameters.items())
    return [text(f"--{name}=", mapped(value, _literal)) for name, value in pairs]


def _literal(value: str) -> str:
    """Keep Kubernetes from expanding `$(NAME)` in an argument, and from reading `$$` as `$`."""
    return value.replace("$", "$$")
