"""What keeps other pods off a pool's nodes."""

from __future__ import annotations

from typing import Literal

from ..spec.model import Args
from ..spec.names import LabelKey, LabelValue
from ..spec.resources import GPU
from ..spec.toleration import Toleration

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class Taint(Args):
    """A taint of every node of a pool.

    >>> str(Taint(key="team", value="vision"))
    'team=vision:NoSchedule'
    """

    key: LabelKey
    """The taint's key."""
    value: LabelValue = ""
    """The taint's value; default: empty."""
    effect: Effect = "NoSchedule"
    """What it does to pods that do not tolerate it: `"NoSchedule"` (default), `"PreferNoSchedule"`
    or `"NoExecute"`."""

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}"

    @property
    def toleration(self) -> Toleration:
        """What pods of the pool say to get past it."""
        return Toleration(key=self.key, operator="Exists", effect=self.effect)

    def to_cloud(self) -> dict[str, str]:
        """As EKS and GKE spell it."""
        return {"effect": _CLOUD_EFFECT[self.effect], "key": self.key, "value": self.value}

    def to_kube(self) -> dict[str, str]:
        """As Kubernetes spells it."""
        value = {"value": self.value} if self.value else {}
        return {"effect": self.effect, "key": self.key, **value}


_CLOUD_EFFECT: dict[str, str] = {
    "NoExecute": "NO_EXECUTE",
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
}


def gpu_taint() -> Taint:
    """What GKE puts onto GPU nodes by itself, and device plugins tolerate."""
    return Taint(key=GPU, value="present")


def tolerated(taint: Taint, tolerations: list[Toleration]) -> bool:
    """Whether pods with these tolerations can be on nodes with the taint."""
    return any(
        one.key in (None, taint.key)
        and one.effect in (None, taint.effect)
        and (one.operator == "Exists" or (one.value or "") == taint.value)
        for one in tolerations
    )
