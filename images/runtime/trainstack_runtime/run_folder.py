"""The folders of a run's versions, `<root>/<run>/<version>/`, and which checkpoint to resume.

    step-000000010-19abf03c5de/   a checkpoint: what the program wrote
    saved/step-….0-of-1           it is complete: a mark of each rank that had a part in it
    agreed/…                      what the ranks of one launch resume from
    run.json                      whose it is, and when it was last started
    finished.json                 how it ended well
    artifacts/                    what its result refers to

A mark is written last and removed first, so that a checkpoint without all of its marks is one that
was never completed. Nothing is ever written into a complete one, and what is newer than the newest
complete one is left alone, since a pod that was asked to stop may still be writing it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .outcome import Success
from .root import Root, root_from_env

KEEP = 3
_NAME = re.compile(r"step-(?P<step>\d+)-[0-9a-f]+")
_MARK = re.compile(rf"(?P<name>{_NAME.pattern})\.(?P<rank>\d+)-of-(?P<ranks>\d+)")


@dataclass(frozen=True, order=True)
class Checkpoint:
    """A complete one."""

    step: int
    name: str
    version: str = ""
    """Path of its version, `<run>/<version>`."""

    @property
    def path(self) -> str:
        """Where it is, from the root."""
        return f"{self.version}/{self.name}"


@dataclass(frozen=True)
class RunFolder:
    """One version of a run among the others."""

    root: Root
    run: str
    version: str
    stack: str = ""
    keep: int = KEEP
    resume_from: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> RunFolder | None:
        """As trainstack tells the pod; None for a job without a checkpoint."""
        root = root_from_env(env)
        if root is None:
            return None
        return cls(
            root,
            env.get("TRAINSTACK_RUN", "run"),
            env.get("TRAINSTACK_VERSION", "local"),
            env.get("TRAINSTACK_STACK", ""),
            int(env.get("TRAINSTACK_CHECKPOINT_KEEP", KEEP)),
            env.get("TRAINSTACK_CHECKPOINT_RESUME_FROM") or None,
        )

    @property
    def path(self) -> str:
        """This version, from the root."""
        return f"{self.run}/{self.version}"

    def claim(self, launch: str | None = None) -> None:
        """Say whose this version is, and that no checkpoint is under way; for rank 0 only.

        But for those of this `launch`: other ranks may have begun before rank 0.
        """
        said = {"stack": self.stack, "started": time.time()}
        self.root.write(f"{self.path}/run.json", json.dumps(said).encode())
        complete = {found.name for found in self.checkpoints(self.path)}
        own = f"-{launch}"
        self._remove_marks(lambda name: name not in complete and not name.endswith(own))

    def checkpoints(self, version: str) -> list[Checkpoint]:
        """All complete ones of a version, the oldest first."""
        marks: dict[tuple[int, str, int], set[int]] = defaultdict(set)
        for name in self.root.names(f"{version}/saved"):
            if mark := _MARK.fullmatch(name):
                key = int(mark["step"]), mark["name"], int(mark["ranks"])
                marks[key].add(int(mark["rank"]))
        return sorted(
            Checkpoint(step, name, version)
            for (step, name, ranks), seen in marks.items()
            if len(seen) == ranks
        )

    def marked(self, name: str, rank: int, ranks: int) -> bool:
        """Whether this rank's part of a checkpoint is complete, and may not be written again."""
        return f"{name}.{rank}-of-{ranks}" in self.root.names(f"{self.path}/saved")

    def mark(self, name: str, rank: int, ranks: int) -> None:
        """This rank's part of a checkpoint is complete."""
        self.root.write(f"{self.path}/saved/{name}.{rank}-of-{ranks}", b"")

    def prune(self, saved: str) -> None:
        """Leave the newest `keep` complete checkpoints of this version; for rank 0 only.

        What it has just `saved` stays too, whatever its step: others may still save their parts.
        """
        complete = self.checkpoints(self.path)
        if not complete:
            return
        old = {found.name for found in complete[: -self.keep]} - {saved}
        kept = {found.name for found in complete} - old | {saved}
        for name in self.root.names(self.path):
            form = _NAME.fullmatch(name)
            if form and name not in kept and int(form["step"]) < complete[-1].step:
                old.add(name)
        self._remove_marks(lambda name: name in old)
        for name in sorted(old):
            self.root.remove(f"{self.path}/{name}")

    def resumable(self) -> str | None:
        """Path of the newest of this version, else of the one that was named or came before.

        Raises `ValueError` when the named one has none.
        """
        if own := self.checkpoints(self.path):
            return own[-1].path
        if self.resume_from is None:
            return self._of_predecessor()
        named = self.resume_from if "/" in self.resume_from else f"{self.run}/{self.resume_from}"
        if found := self.checkpoints(named):
            return found[-1].path
        raise ValueError(f"checkpoint.resume_from: there is no complete checkpoint of {named}")

    def finished(self) -> Success | None:
        """How this version ended well, if it has."""
        said = self._read(f"{self.path}/finished.json")
        known = Success.__dataclass_fields__.keys()
        return Success(**{k: v for k, v in said.items() if k in known}) if said else None

    def finish(self, success: Success) -> None:
        """It has ended well."""
        self.root.write(f"{self.path}/finished.json", json.dumps(asdict(success)).encode())

    def _of_predecessor(self) -> str | None:
        """The versions of the same stack, back to the last that finished."""
        others = [
            (said["started"], path)
            for version in self.root.names(self.run)
            if (path := f"{self.run}/{version}") != self.path
            and (said := self._read(f"{path}/run.json")).get("stack") == self.stack
        ]
        for _, path in sorted(others, reverse=True):
            if self._read(f"{path}/finished.json"):
                return None
            if found := self.checkpoints(path):
                return found[-1].path
        return None

    def _remove_marks(self, unwanted: Callable[[str], bool]) -> None:
        for name in self.root.names(f"{self.path}/saved"):
            mark = _MARK.fullmatch(name)
            if mark is None or unwanted(mark["name"]):
                self.root.remove(f"{self.path}/saved/{name}")

    def _read(self, path: str) -> dict[str, Any]:
        said = self.root.read(path)
        try:
            return dict(json.loads(said)) if said else {}
        except ValueError:
            return {}
