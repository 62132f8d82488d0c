"""What the launch runtime left in the pods' termination messages."""

from __future__ import annotations

import json
from typing import Any

from .judge import container_statuses


def messages(pods: list[dict[str, Any]], container: str) -> list[tuple[str, dict[str, Any]]]:
    """Pod names and the runtime's reports, the newest of each pod, oldest first."""
    found = []
    for pod in pods:
        for status in container_statuses(pod):
            if status["name"] != container:
                continue
            for state in ("state", "lastState"):
                ended = status.get(state, {}).get("terminated") or {}
                report = _read(ended.get("message"))
                if report is not None:
                    found.append((ended.get("finishedAt") or "", pod["metadata"]["name"], report))
                    break
    return [(name, report) for _, name, report in sorted(found, key=lambda item: item[:2])]


def verdict(pods: list[dict[str, Any]], container: str) -> dict[str, Any]:
    """The successful report, preferably rank 0's, with a result or decks; empty without any."""
    reports = [r for _, r in messages(pods, container) if r.get("status") == "succeeded"]
    telling = [r for r in reports if r.get("result") is not None or r.get("decks")]
    return next(iter(telling or reports), {})


def decks(report: dict[str, Any]) -> dict[str, str] | None:
    """Addresses of the HTML reports by name; None without a launch runtime to tell them."""
    if not report:
        return None
    folder, *names = report.get("decks") or [""]
    return {name: f"{folder}/{name}.html" for name in names}


def _read(message: str | None) -> dict[str, Any] | None:
    try:
        report = json.loads(message or "")
    except ValueError:
        return None
    return report if isinstance(report, dict) and "status" in report else None
