"""One run of a job: its names and labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pulumi import Output

from .inputs import text
from .model import TrainstackError
from .names import LABEL_LENGTH
from .version import DIGITS

PREFIX = "trainstack.dev/"
STARTED_BY = f"{PREFIX}started-by"
"""Annotation of who started the run."""


@dataclass(frozen=True)
class Run:
    """What a renderer needs to know of the run besides its args."""

    kind: str
    name: str
    version: str | Output[str]
    project: str
    stack: str
    source_map: str | Output[str] | None = None

    @property
    def job_name(self) -> str | Output[str]:
        """The object's name, `<run_name>-<version>`."""
        return text(self.name, "-", self.version)

    @property
    def labels(self) -> dict[str, str | Output[str]]:
        """Labels of the object and its pods."""
        return {
            f"{PREFIX}kind": self.kind,
            f"{PREFIX}run": self.name,
            f"{PREFIX}stack": self.stack_label,
            f"{PREFIX}version": self.version,
        }

    @property
    def stack_label(self) -> str:
        """Project and stack, as a label may spell them."""
        stack = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{self.project}.{self.stack}")
        return stack[:LABEL_LENGTH].strip("-_.")


def check_length(run_name: str, version: str | None, suffix: str, where: str) -> None:
    """Refuse a run name with which the longest pod name would not fit a DNS label."""
    room = LABEL_LENGTH - len(suffix) - 1 - (DIGITS if version is None else len(version))
    if len(run_name) > room:
        raise TrainstackError(
            f"{where}: run_name: got {run_name!r} ({len(run_name)} characters): at most {room}, "
            f"since pods are named '<run_name>-<version>{suffix}' within {LABEL_LENGTH} characters"
        )
