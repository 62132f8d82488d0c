"""A project as it was at a point in its stack's past."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..observe.pulumi_stack import project_name
from ..review.project import read_settings_file
from ..review.settings import read_settings
from .commits import Repository
from .point import Point
from .settings_then import Setting, differences, settings_then


@dataclass(frozen=True)
class Checkout:
    """Makes worktrees of a project, with a stack's settings as they were."""

    folder: Path
    stack: str
    repository: Repository

    @contextmanager
    def at(self, point: Point) -> Iterator[Path]:
        """The project's folder at a point, for as long as the block runs.

        Settings are those that the update had; without an update, those of the commit.
        """
        settings = self._settings(point)
        with self.repository.worktree(point.commit) as folder:
            if self.differences(point) or not self.has_settings(point):
                text = json.dumps(settings, indent=2)
                (folder / self._file).write_text(text, encoding="utf-8")
            self._link_environment(folder)
            yield folder

    def differences(self, point: Point) -> tuple[Setting, ...]:
        """What the update had set otherwise than the settings file at its commit."""
        if point.update is None:
            return ()
        name = project_name(self.folder)
        return differences(self._base(point), point.update.config, name)

    def has_settings(self, point: Point) -> bool:
        """Whether the commit has the stack's settings file."""
        return self.repository.file(point.commit, Path(self._file)) is not None

    @property
    def _file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"

    def _settings(self, point: Point) -> dict[str, Any]:
        base = self._base(point)
        if point.update is None:
            return base
        return settings_then(base, point.update.config, project_name(self.folder))

    def _base(self, point: Point) -> dict[str, Any]:
        """The commit's settings file, or today's where the commit has none."""
        text = self.repository.file(point.commit, Path(self._file))
        if text is None:
            return read_settings_file(self.folder / self._file)
        return dict(read_settings(text) or {})

    def _link_environment(self, folder: Path) -> None:
        """Give a worktree the virtual environment that `Pulumi.yaml` names and git ignores."""
        name = _environment(read_settings_file(folder / "Pulumi.yaml"))
        here = self.folder.absolute() / name if name else None
        if name and here and here.is_dir() and not (folder / name).exists():
            (folder / name).symlink_to(here)


def _environment(settings: Mapping[str, Any]) -> str | None:
    runtime = settings.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    name = (options or {}).get("virtualenv")
    return str(name) if name and not Path(name).is_absolute() else None
