"""What a reviewer reads of a job in the preview."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pulumi

from .spec.image import reference
from .spec.inputs import text
from .spec.job_args import JobArgs
from .spec.run import Run
from .spec.source import Source

_LARGEST_EXACT = 2**53


def summary(
    found: Mapping[str, Any], spec: JobArgs, source: Source | None, run: Run
) -> dict[str, Any]:
    """Flat, sorted and free of secrets: what a reviewer reads in the preview.

    `found` is what follows from what was said, of which the run's kind knows more.
    """
    said = spec.model_dump(
        mode="python",
        exclude_defaults=True,
        exclude={"operator", "cluster", "program", "secrets", "timeout", "wait", "image"},
    )
    summary = {
        **{key: _plain(value) for key, value in said.items()},
        **found,
        "image": reference(spec.image),
        "inputs": _plain(spec.program.inputs) or None if spec.program else None,
        "namespace": spec.namespace,
        "program": _program(spec, source),
        "run_name": run.name,
        "secrets": _secrets(spec) or None,
        "version": run.version,
    }
    return {key: value for key, value in sorted(summary.items()) if value is not None}


def _plain(value: Any) -> Any:
    """Enums to their values, dicts sorted, and numbers that the wire would round as texts."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)
    return value.value if isinstance(value, Enum) else value


def _secrets(spec: JobArgs) -> dict[str, str | pulumi.Output[str]]:
    """Where each comes from; what it is, no one here knows."""
    return {name: text(ref.name, "/", ref.key) for name, ref in sorted(spec.secrets.items())}


def _program(spec: JobArgs, source: Source | None) -> str | None:
    if spec.program is None:
        return None
    named = spec.program.script or spec.program.module or spec.program.function
    return f"{named} ({source.digest[:8]})" if source else named
