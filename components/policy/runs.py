"""What a run has to bring along, by the summary that a job component shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .finding import Config, Finding, Findings, mapping, number

_DEADLINE = "run_policy.active_deadline_seconds"


def has_deadline(summary: Mapping[str, Any], config: Config) -> Findings:
    """A run without an end, or with one after `config["maxSeconds"]`."""
    seconds, most = _deadline(summary), config.get("maxSeconds")
    if seconds is None:
        yield Finding(_DEADLINE, None, "a deadline is required")
    elif most is not None and seconds > most:
        yield Finding(_DEADLINE, seconds, f"must be at most {most:g}")


def has_checkpoint(summary: Mapping[str, Any], config: Config) -> Findings:
    """A run that may take more than `config["aboveGpuHours"]` and saves nothing."""
    gpus, most = number(summary.get("gpus") or 0), config["aboveGpuHours"]
    if not gpus or summary.get("checkpoint") is not None:
        return
    seconds = _deadline(summary)
    hours = float("inf") if seconds is None else gpus * seconds / 3600
    if hours > most:
        may = f"{hours:g}" if seconds else "any number, as it has no deadline"
        allowed = f"required above {most:g} GPU-hours; this run may take {may}"
        yield Finding("checkpoint", None, allowed)


def _deadline(summary: Mapping[str, Any]) -> int | None:
    seconds = mapping(summary.get("run_policy")).get("active_deadline_seconds")
    return None if seconds is None else number(seconds)
