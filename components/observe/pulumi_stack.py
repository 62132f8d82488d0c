"""One stack, as the `pulumi` command on PATH tells of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ..review.project import read_settings_file
from ..spec.model import TrainstackError


@dataclass(frozen=True)
class PulumiStack:
    """A stack of the project in `folder`; its selected one when `name` is None.

    Every method raises `TrainstackError` with what `pulumi` said when it fails.
    """

    folder: Path
    name: str | None = None

    def history(self) -> list[dict[str, Any]]:
        """Every update, the newest first."""
        return list(self._json("stack", "history", "--json", "--page-size", "0") or [])

    def state(self, version: int | None = None) -> dict[str, Any]:
        """The state, now or (where the backend keeps numbered ones) after an earlier update."""
        words = ("--version", str(version)) if version is not None else ()
        return dict(self._json("stack", "export", *words)["deployment"])

    def short_name(self) -> str:
        """The stack's name without organization and project."""
        return self._run("stack", "--show-name").strip().rpartition("/")[2]

    def state_folder(self) -> Path | None:
        """Where a `file://` backend keeps its files; None for any other backend."""
        address = urlparse(str(self._json("whoami", "--json", of_stack=False)["url"]))
        if address.scheme != "file":
            return None
        return Path(unquote(address.netloc + address.path)).expanduser() / ".pulumi"

    def _json(self, *words: str, of_stack: bool = True) -> Any:
        return json.loads(self._run(*words, of_stack=of_stack))

    def _run(self, *words: str, of_stack: bool = True) -> str:
        chosen = ("--stack", self.name) if self.name and of_stack else ()
        command = ("pulumi", *words, *chosen, "--non-interactive", "--color", "never")
        try:
            done = subprocess.run(
                command, cwd=self.folder, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            missing = "pulumi: not found on PATH" if self.folder.is_dir() else None
            raise TrainstackError(missing or f"{self.folder}: no such folder") from None
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise TrainstackError(f"pulumi {words[0]}: {said.removeprefix('error: ')}")
        return done.stdout


def project_name(folder: Path) -> str:
    """The name in `Pulumi.yaml`.

    Raises `TrainstackError` when there is no such file.
    """
    name = read_settings_file(folder / "Pulumi.yaml").get("name")
    if not name:
        raise TrainstackError(f"{folder}: no Pulumi.yaml with a name")
    return str(name)


def resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state; without those that only wait to be deleted."""
    return [one for one in state.get("resources") or () if not one.get("delete")]
