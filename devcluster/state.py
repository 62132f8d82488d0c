"""What the machine was like before `up`, so that `down` can put it back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .errors import DevClusterError


def boot_id() -> str:
    """Changes with every boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


@dataclass
class State:
    """The record in the cluster's folder; a folder without one is not ours."""

    path: Path
    boot: str = ""
    network: str = ""
    sysctls: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)
    controllers: list[str] = field(default_factory=list)
    gpus: int = 0

    @classmethod
    def load(cls, folder: Path) -> State | None:
        """The folder's record, if it has one."""
        path = folder / "state.json"
        try:
            fields = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DevClusterError(f"{path} cannot be read: {error}.") from None
        return cls(path, **fields)

    @property
    def this_boot(self) -> bool:
        """Whether the machine still runs as it did at `up`."""
        return self.boot == boot_id()

    def save(self) -> None:
        """Write the record."""
        fields = asdict(self)
        del fields["path"]
        write_atomically(self.path, json.dumps(fields, indent=2) + "\n")
