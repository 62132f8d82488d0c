"""What is waited for, as plain data that fits into the state file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..status import RunRef


@dataclass(frozen=True)
class Target:
    """A job object, how far it has to get, and where it is."""

    kind: str
    group: str
    version: str
    namespace: str
    name: str
    wait: str
    timeout: int | None = None
    kubeconfig: str | None = None
    context: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def ref(self) -> RunRef:
        """The run."""
        return RunRef(f"{self.group}/{self.version}", self.kind, self.namespace, self.name)

    def to_props(self) -> dict[str, Any]:
        """Resource properties; what is unset is left out."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_props(cls, props: dict[str, Any]) -> Target:
        """Read properties back, where numbers have become floats."""
        fields = {key: props[key] for key in cls.__dataclass_fields__ if props.get(key) is not None}
        if "timeout" in fields:
            fields["timeout"] = int(fields["timeout"])
        return cls(**fields)
