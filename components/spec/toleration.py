"""What lets a pod onto tainted nodes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .model import Args
from .names import LabelKey, LabelValue


class Toleration(Args):
    """A taint that pods put up with.

    >>> Toleration(key="dedicated", value="infra", effect="NoSchedule").to_kube()
    {'effect': 'NoSchedule', 'key': 'dedicated', 'operator': 'Equal', 'value': 'infra'}
    """

    key: LabelKey | None = None
    """The taint's key; default: all taints, which asks for `operator="Exists"`."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal` (default) compares `value` too, `Exists` does not."""
    value: LabelValue | None = None
    """The taint's value, with `Equal`; default: empty."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; default: all effects."""
    toleration_seconds: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Seconds until eviction under a `NoExecute` taint; default: never evicted."""

    @model_validator(mode="after")
    def _agrees(self) -> Toleration:
        if self.key is None and self.operator != "Exists":
            raise ValueError("without key, operator must be 'Exists'")
        if self.value is not None and self.operator == "Exists":
            raise ValueError("value has no effect with operator 'Exists'")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("toleration_seconds needs effect 'NoExecute'")
        return self

    def to_kube(self) -> dict[str, Any]:
        """The Kubernetes toleration."""
        said = {
            "effect": self.effect,
            "key": self.key,
            "operator": self.operator,
            "tolerationSeconds": self.toleration_seconds,
            "value": self.value,
        }
        return {key: value for key, value in said.items() if value is not None}
