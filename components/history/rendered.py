"""The manifests of a project in another folder, rendered in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..spec.model import TrainstackError
from ..spec.run import PREFIX


def rendered(folder: Path, stack: str) -> list[dict[str, Any]]:
    """What `trainstack render` prints; modules of one commit never meet those of another.

    Raises `TrainstackError` with what it said when it fails.
    """
    command = (sys.executable, "-m", "trainstack.cli", "render", str(folder), "--stack", stack)
    done = subprocess.run((*command, "--json"), capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrainstackError(done.stderr.strip().removeprefix("error: "))
    return list(json.loads(done.stdout)["items"])


def job_names(objects: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Names of the job objects by namespace and run."""
    found = {}
    for manifest in objects:
        metadata = manifest["metadata"]
        labels = metadata.get("labels") or {}
        run, version = labels.get(f"{PREFIX}run"), labels.get(f"{PREFIX}version")
        if run and metadata["name"] == f"{run}-{version}":
            found[metadata["namespace"], run] = metadata["name"]
    return found
