"""What a container asks of its node."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from .model import Args
from .names import ExtendedResource
from .quantity import Bytes, Cpu, exact

GPU = "nvidia.com/gpu"
_SPELLINGS = {"mem": "memory", "storage": "ephemeral_storage"}


class Resources(Args):
    """Amounts of a container's resources, as requests or as limits.

    >>> Resources.model_validate({"cpu": "4", "memory": "16Gi", "gpu": 8}).to_kube()
    {'cpu': '4', 'memory': '16Gi', 'nvidia.com/gpu': '8'}
    """

    cpu: Cpu | None = None
    """Cores, for example `4` or `"500m"`; unset: none asked."""
    memory: Bytes | None = None
    """Bytes, for example `"16Gi"`; `mem` is accepted as another spelling; unset: none asked."""
    gpu: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Whole GPUs (`nvidia.com/gpu`), 0 or more; unset: none."""
    ephemeral_storage: Bytes | None = None
    """Bytes of node-local disk, for example `"100Gi"`; `storage` is accepted as another spelling;
    unset: none asked."""
    devices: dict[ExtendedResource, Annotated[int, Field(ge=0, strict=True)]] = {}
    """Other extended resources by name, for example `{"rdma/hca": 1}`."""

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for other, name in _SPELLINGS.items():
            if other in value and name in value:
                raise ValueError(f"give either {other} or {name}, not both")
        return {_SPELLINGS.get(name, name): amount for name, amount in value.items()}

    @field_validator("gpu", mode="before")
    @classmethod
    def _whole_gpus(cls, value: Any) -> Any:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("devices")
    @classmethod
    def _no_second_gpus(cls, value: dict[str, int]) -> dict[str, int]:
        if GPU in value:
            raise ValueError(f"{GPU}: say gpu={value[GPU]}")
        return value

    def to_kube(self) -> dict[str, str]:
        """The Kubernetes resource list."""
        named = {
            "cpu": self.cpu,
            "memory": self.memory,
            "ephemeral-storage": self.ephemeral_storage,
            GPU: str(self.gpu) if self.gpu else None,
            **{name: str(count) for name, count in self.devices.items() if count},
        }
        return {name: amount for name, amount in sorted(named.items()) if amount is not None}


def requirements(requests: Resources | None, limits: Resources | None) -> dict[str, Any]:
    """The container's `resources`: what has only a limit is also requested, GPUs are in both.

    Raises `ValueError` when a request is above its limit, or an extended resource differs.
    """
    lower = requests.to_kube() if requests else {}
    upper = limits.to_kube() if limits else {}
    for name, amount in lower.items():
        limit = upper.get(name)
        if limit is not None and exact(amount) > exact(limit):
            raise ValueError(f"requests {amount} of {name}, above its limit {limit}")
        if "/" in name:
            if limit is not None and exact(amount) != exact(limit):
                raise ValueError(f"requests {amount} of {name}, limited to {limit}: must agree")
            upper[name] = amount
    lower = {**upper, **lower}
    return {
        key: dict(sorted(amounts.items()))
        for key, amounts in (("limits", upper), ("requests", lower))
        if amounts
    }
