"""Environment variables: plain ones, and ones from Kubernetes Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from .inputs import In
from .model import Args
from .names import DataKey, EnvName, Subdomain
from .shown import shown

_RESERVED = ("PET_", "TRAINSTACK_", "TORCHELASTIC_")
_OPERATOR_SETS = frozenset({"MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"})


def _not_reserved(name: str) -> str:
    if name in _OPERATOR_SETS or name.startswith(_RESERVED):
        raise ValueError(f"got {shown(name)}: set by the operator or the launch runtime")
    return name


def _spelled(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"got {shown(value)}: write 'true' or 'false' as your program reads it")
    return str(value) if isinstance(value, (int, float)) else value


FreeEnvName = Annotated[EnvName, AfterValidator(_not_reserved)]
Spelled = Annotated[str, BeforeValidator(_spelled)]
Env = dict[FreeEnvName, In[Spelled]]


class SecretRef(Args):
    """One key of a Kubernetes Secret in the job's namespace."""

    name: In[Subdomain]
    """The Secret's name."""
    key: DataKey
    """The key within it."""


Secrets = dict[FreeEnvName, SecretRef]


def to_kube(env: Mapping[str, Any], secrets: Mapping[str, SecretRef]) -> list[dict[str, Any]]:
    """The container's `env`, sorted by name so that one change is one line of a diff."""
    plain = {name: {"value": value} for name, value in env.items()}
    secret = {
        name: {"valueFrom": {"secretKeyRef": {"key": ref.key, "name": ref.name}}}
        for name, ref in secrets.items()
    }
    return [{"name": name, **source} for name, source in sorted((plain | secret).items())]
