"""From the steps of a preview to what happens to runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .change import Effect, Finding, JobChange, OtherChange, Run, StackChange
from .fields import UNKNOWN, changed_fields
from .pools import is_pool, pool_changes
from .preview import Preview, State, Step

_EFFECTS = {
    "create": Effect.STARTS,
    "create-replacement": Effect.RESTARTS,
    "delete": Effect.STOPS,
    "delete-replaced": Effect.RESTARTS,
    "replace": Effect.RESTARTS,
    "same": Effect.KEEPS,
    "update": Effect.CHANGES,
}
_OPERATIONS = ("replace", "delete", "create", "update")
_LEVELS = ("mandatory", "remediate", "advisory")
_FOLLOWS = "an unhandled error occurred: program exited with non-zero exit code"
_REFUSED = "preview failed"
"""All that the engine says of it when a policy is violated."""


def stack_change(preview: Preview, name: str | None = None) -> StackChange:
    """What a preview does to the runs of its stack, which is called `project/stack` by default."""
    components = {step.urn: step for step in preview.steps if _is_job(step)}
    objects = {
        step.state.parent: step
        for step in preview.steps
        if step.operation in _EFFECTS and _is_object(step, components)
    }
    jobs = [_job_change(step, objects.get(urn), preview.failed) for urn, step in components.items()]
    others = [
        OtherChange(step.operation, step.state.type, step.name)
        for step in preview.steps
        if step.operation in _OPERATIONS
        and step.urn not in components
        and not is_pool(step)
        and step.state.parent not in components
        and step.state.type != "pulumi:pulumi:Stack"
    ]
    listed = sum(step.operation == "same" for step in preview.steps)
    return StackChange(
        name=name or _stack_name(preview),
        failed=preview.failed,
        complete=not preview.failed and preview.counts.get("same", 0) <= listed,
        jobs=tuple(sorted(jobs, key=lambda job: (job.effect.rank, job.name))),
        others=tuple(
            sorted(others, key=lambda o: (_OPERATIONS.index(o.operation), o.type, o.name))
        ),
        findings=tuple(sorted(preview.findings, key=_finding_order)),
        errors=_errors(preview),
        warnings=_messages(preview, "warning"),
        pools=pool_changes(preview),
    )


def _is_job(step: Step) -> bool:
    state = step.state
    return state.type.startswith("trainstack:index:") and "run_name" in state.inputs


def _is_object(step: Step, components: Mapping[str, Step]) -> bool:
    owner = components.get(step.state.parent)
    return (
        owner is not None and step.name == owner.name and step.state.type.startswith("kubernetes:")
    )


def _job_change(component: Step, job: Step | None, failed: bool) -> JobChange:
    before, after = component.before, component.after
    effect = _EFFECTS[job.operation] if job else _unlisted(component, failed)
    return JobChange(
        name=component.name,
        kind=component.state.type.rsplit(":", 1)[-1],
        effect=effect,
        before=None if effect is Effect.STARTS or before is None else _run(before),
        after=None if effect is Effect.STOPS or after is None else _run(after),
        fields=() if effect is Effect.STOPS else changed_fields(*map(_inputs, (before, after))),
    )


def _unlisted(component: Step, failed: bool) -> Effect:
    """The effect on a run whose object is not among the steps: unchanged, or not come to."""
    said = _EFFECTS.get(component.operation, Effect.KEEPS)
    if said is not Effect.CHANGES:
        return said
    old, new = (_inputs(state) or {} for state in (component.before, component.after))
    if old.get("version") != new.get("version"):
        return Effect.RESTARTS
    return Effect.CHANGES if failed else Effect.KEEPS


def _inputs(state: State | None) -> dict[str, Any] | None:
    return None if state is None else state.inputs


def _run(state: State) -> Run:
    said = state.inputs
    version, gpus = said.get("version"), said.get("gpus")
    cost = said.get("cost") or {}
    nodes = said.get("nodes", said.get("nnodes"))
    known = isinstance(version, str) and version != UNKNOWN
    return Run(
        job_name=f"{said['run_name']}-{version}" if known else None,
        gpus=int(gpus) if isinstance(gpus, (int, float)) else None,
        nodes=nodes if isinstance(nodes, (int, str)) and nodes != UNKNOWN else None,
        per_hour=cost.get("per_hour"),
        at_deadline=cost.get("at_deadline"),
    )


def _errors(preview: Preview) -> tuple[str, ...]:
    errors = _messages(preview, "error")
    causes = tuple(error for error in errors if _FOLLOWS not in error)
    if causes != (_REFUSED,):
        return causes or errors
    if preview.findings:
        return ()
    return (
        f"{_REFUSED}, as it does when a policy is violated; which one is only in the stream that "
        "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true makes pulumi print",
    )


def _messages(preview: Preview, severity: str) -> tuple[str, ...]:
    found = (message for said, message in preview.diagnostics if said == severity)
    return tuple(dict.fromkeys(message.strip().removeprefix(f"{severity}: ") for message in found))


def _finding_order(finding: Finding) -> tuple[int, str, str]:
    level = _LEVELS.index(finding.level) if finding.level in _LEVELS else len(_LEVELS)
    return level, finding.policy, finding.resource


def _stack_name(preview: Preview) -> str:
    for step in preview.steps:
        stack, project = step.urn.removeprefix("urn:pulumi:").split("::")[:2]
        return f"{project}/{stack}"
    return "stack"
