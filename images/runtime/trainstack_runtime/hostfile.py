"""The hosts that the operator lists for a launcher."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(?P<name>[^\s:=]+)(?:(?:\s+slots=|:)(?P<slots>\d+))?")


@dataclass(frozen=True)
class Host:
    """A worker pod and the ranks that fit on it."""

    name: str
    slots: int = 1

    @property
    def short(self) -> str:
        """What the pod itself calls its host."""
        return self.name.partition(".")[0]


def read_hosts(path: Path) -> list[Host]:
    """The hosts of a hostfile, as Open MPI (`name slots=2`) or Hydra (`name:2`) writes it.

    Raises `ValueError` for a line that is neither, and when there is no host.
    """
    hosts = []
    for line in path.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        read = _LINE.fullmatch(text)
        if read is None:
            raise ValueError(f"{path}: got {text!r}: must be 'host slots=N' or 'host:N'")
        hosts.append(Host(read["name"], int(read["slots"] or 1)))
    if not hosts:
        raise ValueError(f"{path}: no host in it")
    return hosts
