"""The folder through which a node's processes tell the launcher how they fared."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import Failure


@dataclass(frozen=True)
class Place:
    """Where a process stands among the others."""

    local_rank: int = 0
    rank: int = 0
    node: int = 0
    nodes: int = 1
    world_size: int = 1
    restarts: int = 0

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Place:
        """As torch's launcher tells its processes."""

        def number(name: str, default: int = 0) -> int:
            return int(env.get(name) or default)

        return cls(
            local_rank=number("LOCAL_RANK"),
            rank=number("RANK"),
            node=number("GROUP_RANK"),
            nodes=number("GROUP_WORLD_SIZE", 1),
            world_size=number("WORLD_SIZE", 1),
            restarts=number("TORCHELASTIC_RESTART_COUNT"),
        )

    def of_failure(self) -> dict[str, Any]:
        """What a failure says about it."""
        return {"rank": self.rank, "node": self.node, "restarts": self.restarts}


@dataclass(frozen=True)
class Slot:
    """The files of one local rank."""

    folder: Path
    local_rank: int

    def path(self, kind: str) -> Path:
        """A file of this slot."""
        return self.folder / f"{self.local_rank}.{kind}"

    def begin(self, place: Place) -> None:
        """Forget the process that was here before."""
        for kind in ("failure", "done", "fault", "ended"):
            self.path(kind).unlink(missing_ok=True)
        self._write("place", vars(place))
        self._write("pid", os.getpid())

    def fail(self, failure: Failure) -> None:
        """Tell why this process failed."""
        self._write("failure", failure.to_dict())

    def finish(self, result: Any, decks: list[str]) -> None:
        """Tell that the program ended well."""
        self._write("done", {"result": result, "decks": decks})

    def end(self) -> None:
        """Tell that nothing is left to do, though the process may wait for its launcher."""
        self.path("ended").touch()

    @property
    def ended(self) -> bool:
        """Whether it told so."""
        return self.path("ended").exists()

    @property
    def pid(self) -> int | None:
        """The process here."""
        pid = self._read("pid")
        return pid if isinstance(pid, int) else None

    @property
    def place(self) -> Place:
        """Where that process stands."""
        return Place(**(self._read("place") or {"local_rank": self.local_rank}))

    @property
    def failure(self) -> Failure | None:
        """Why it failed, if it could tell."""
        said = self._read("failure")
        return Failure(**said) if said else None

    @property
    def fault(self) -> str:
        """What faulthandler wrote when a signal ended it."""
        path = self.path("fault")
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def result(self) -> Any:
        """What the program reported."""
        return (self._read("done") or {}).get("result")

    @property
    def decks(self) -> list[str]:
        """The reports that it wrote."""
        return (self._read("done") or {}).get("decks") or []

    def _write(self, kind: str, value: Any) -> None:
        new = self.path(f"{kind}.new")
        new.write_text(json.dumps(value))
        new.replace(self.path(kind))

    def _read(self, kind: str) -> Any:
        try:
            return json.loads(self.path(kind).read_text())
        except (FileNotFoundError, ValueError):
            return None


def slots(folder: Path) -> list[Slot]:
    """Every local rank that started."""
    return [Slot(folder, int(path.stem)) for path in sorted(folder.glob("*.pid"))]
