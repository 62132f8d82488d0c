"""Reads what `pulumi preview --json` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..spec.model import TrainstackError
from .change import Finding
from .fields import plain


@dataclass(frozen=True)
class State:
    """A resource before or after a step."""

    type: str
    parent: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step that the engine plans."""

    operation: str
    urn: str
    before: State | None
    after: State | None

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return name_in(self.urn)

    @property
    def state(self) -> State:
        """The resource after the step, or before it when none is left."""
        state = self.after or self.before
        return state if state is not None else State(self.urn.split("::")[2].split("$")[-1], "", {})


@dataclass(frozen=True)
class Preview:
    """A preview, whichever way it was written."""

    steps: tuple[Step, ...]
    diagnostics: tuple[tuple[str, str], ...]
    """Severity and message."""
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    """Resources by operation, listed among the steps or not."""
    failed: bool


def name_in(urn: str) -> str:
    """The logical name in a URN; empty for a stack or nothing."""
    return "" if not urn or "::pulumi:pulumi:Stack::" in urn else urn.rsplit("::", 1)[-1]


def read_preview(text: str, where: str) -> Preview:
    """Read one JSON document, or the lines that the engine streams.

    The stream (`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`, or `--event-log`) also holds what
    policies found. Raises `TrainstackError` when `text` is neither.
    """
    if not text.strip():
        raise TrainstackError(f"{where}: empty; `pulumi preview --json` writes why to stderr")
    found = _documents(text, where)
    try:
        if len(found) == 1 and _is_digest(found[0]):
            return _from_digest(found[0])
        if all(isinstance(event, dict) and "sequence" in event for event in found):
            return _from_events(found)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise TrainstackError(
            f"{where}: not the output of `pulumi preview --json`: {type(error).__name__}: {error}"
        ) from None
    raise TrainstackError(
        f"{where}: JSON, but not the output of `pulumi preview --json`: it has no steps"
    )


def _documents(text: str, where: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError as error:
        whole = error
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise TrainstackError(f"{where}: not JSON: {whole}") from None


def _is_digest(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint({"changeSummary", "diagnostics"})


def _from_digest(digest: Mapping[str, Any]) -> Preview:
    said = [(item["severity"], item["message"]) for item in digest.get("diagnostics") or ()]
    return Preview(
        steps=tuple(
            Step(
                step["op"], step["urn"], _state(step.get("oldState")), _state(step.get("newState"))
            )
            for step in digest.get("steps") or ()
        ),
        diagnostics=tuple(said),
        findings=(),
        counts=dict(digest.get("changeSummary") or {}),
        failed=any(severity == "error" for severity, _ in said),
    )


def _from_events(events: list[dict[str, Any]]) -> Preview:
    steps, said, findings = [], [], []
    summary: dict[str, Any] = {}
    for event in events:
        if step := event.get("resourcePreEvent", {}).get("metadata"):
            if step.get("logical"):  # and not a part of a replacement
                states = _state(step.get("old")), _state(step.get("new"))
                steps.append(Step(step["op"], step["urn"], *states))
        elif note := event.get("diagnosticEvent"):
            if not note.get("ephemeral"):
                said.append((note["severity"], note.get("prefix", "") + note["message"]))
        elif finding := event.get("policyEvent"):
            findings.append(_finding(finding))
        summary = event.get("summaryEvent", summary)
    errors = any(severity == "error" for severity, _ in said)
    return Preview(
        steps=tuple(steps),
        diagnostics=tuple(said),
        findings=tuple(findings),
        counts=dict(summary.get("resourceChanges") or {}),
        failed=errors or summary.get("result", "failed") == "failed",
    )


def _state(state: Mapping[str, Any] | None) -> State | None:
    if state is None:
        return None
    return State(state["type"], state.get("parent") or "", plain(state.get("inputs") or {}))


def _finding(event: Mapping[str, Any]) -> Finding:
    level = event.get("enforcementLevel") or "mandatory"
    return Finding(
        policy=event["policyName"],
        level="advisory" if level == "warning" else level,
        resource=name_in(event.get("resourceUrn") or ""),
        message=event["message"].strip(),
    )
