"""What the launch runtime left in the pods' termination messages."""

from __future__ import annotations

import json
from typing import Any

from .look import Look


def reports(look: Look) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pods with the runtime's report, the newest of each, the oldest first."""
    found = []
    for pod, status in look.training_statuses():
        for state in ("state", "lastState"):
            ended = status.get(state, {}).get("terminated") or {}
            report = read(ended.get("message"))
            if report is not None:
                found.append((ended.get("finishedAt") or "", pod["metadata"]["name"], pod, report))
                break
    return [(pod, report) for _, _, pod, report in sorted(found, key=lambda item: item[:2])]


def verdict(look: Look) -> dict[str, Any]:
    """The successful report, preferably rank 0's, with a result or decks; empty without any."""
    succeeded = [report for _, report in reports(look) if report.get("status") == "succeeded"]
    telling = [r for r in succeeded if r.get("result") is not None or r.get("decks")]
    return next(iter(telling or succeeded), {})


def decks(report: dict[str, Any]) -> dict[str, str] | None:
    """Addresses of the HTML reports by name; None without a launch runtime to tell them."""
    if not report:
        return None
    folder, *names = report.get("decks") or [""]
    return {name: f"{folder}/{name}.html" for name in names}


def read(message: str | None) -> dict[str, Any] | None:
    """A termination message as the runtime's report, or None when it is anything else."""
    try:
        report = json.loads(message or "")
    except ValueError:
        return None
    return report if isinstance(report, dict) and "status" in report else None
