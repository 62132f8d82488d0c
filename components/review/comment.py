"""The Markdown comment that a reviewer reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .change import (
    Effect,
    FieldChange,
    Finding,
    JobChange,
    Pool,
    PoolChange,
    Review,
    Run,
    StackChange,
)
from .dollars import cell, columns
from .escape import block, code, html_code

LIMIT = 60_000
"""Characters that a comment stays below; GitHub takes 65,536."""

T = TypeVar("T")

_MARKS = {
    Effect.RESTARTS: "+-",
    Effect.STOPS: "-",
    Effect.STARTS: "+",
    Effect.CHANGES: "~",
    Effect.KEEPS: "=",
}
_OPERATION_MARKS = {"replace": "+-", "delete": "-", "create": "+", "update": "~"}


@dataclass(frozen=True)
class _Room:
    """How many of each a comment shows; but for `stacks`, of each stack."""

    stacks: int
    runs: int
    detailed: int
    """Runs whose fields are shown."""
    fields: int
    others: int
    messages: int


# What matters least is given up first.
_ROOMS = (
    _Room(stacks=200, runs=500, detailed=100, fields=100, others=200, messages=30),
    _Room(stacks=200, runs=500, detailed=100, fields=50, others=20, messages=10),
    _Room(stacks=200, runs=300, detailed=50, fields=30, others=0, messages=10),
    _Room(stacks=100, runs=200, detailed=20, fields=20, others=0, messages=5),
    _Room(stacks=100, runs=100, detailed=5, fields=10, others=0, messages=3),
    _Room(stacks=50, runs=50, detailed=2, fields=10, others=0, messages=2),
    _Room(stacks=20, runs=20, detailed=1, fields=10, others=0, messages=2),
    _Room(stacks=5, runs=10, detailed=1, fields=5, others=0, messages=1),
    _Room(stacks=0, runs=0, detailed=0, fields=0, others=0, messages=0),
)


def marker(id_: str) -> str:
    """The hidden first line by which a workflow finds its own comment."""
    return f"<!-- trainstack-report: {id_} -->"


def comment(review: Review, id_: str = "default") -> str:
    """A review as Markdown, below `LIMIT` characters however much there is to say."""
    head = f"{marker(id_)}\n\n## Training runs: {_headline(review)}\n"
    bodies = (_within(_stacks(review, room), LIMIT - len(head)) for room in _ROOMS)
    body: str = next(body for body in bodies if body is not None)
    return head + body


def _within(parts: Iterator[str], longest: int) -> str | None:
    """All parts, or None as soon as they turn out too long."""
    text = ""
    for part in parts:
        text += f"\n{part}\n"
        if len(text) >= longest:
            return None
    return text


def _headline(review: Review) -> str:
    failed = ["the preview failed"] if review.failed else []
    return ", ".join([*failed, *_counts(review.effects)]) or "no change"


def _counts(effects: dict[Effect, int]) -> list[str]:
    return [f"{count} {_verb(effect, count)}" for effect, count in effects.items()]


def _verb(effect: Effect, count: int) -> str:
    words: str = effect.value
    if count == 1 or effect is Effect.KEEPS:
        return words
    return "change in place" if effect is Effect.CHANGES else words.removesuffix("s")


def _stacks(review: Review, room: _Room) -> Iterator[str]:
    for stack in _first(sorted(review.stacks, key=_importance), room.stacks):
        yield from _stack(stack, room)
    yield from _left(len(review.stacks), room.stacks, "stack")


def _importance(stack: StackChange) -> tuple[bool, int]:
    return not stack.failed, min((job.effect.rank for job in stack.jobs), default=len(Effect))


def _stack(stack: StackChange, room: _Room) -> Iterator[str]:
    yield f"### {code(stack.name)}"
    if stack.failed:
        yield "**The preview failed.** Below is how far it came."
        yield from (block(error) for error in _first(stack.errors, room.messages))
        yield from _left(len(stack.errors), room.messages, "error")
    changed = [job for job in stack.jobs if job.effect is not Effect.KEEPS]
    if changed:
        yield _runs(stack, changed, room)
        yield from _left(len(changed), room.runs, "run")
    elif not stack.failed:
        yield "Nothing happens to any run."
    if stack.pools:
        yield _pools(stack, room)
        yield from _left(len(stack.pools), room.runs, "pool")
    if stack.findings:
        yield _findings(stack, room)
        yield from _left(len(stack.findings), room.messages, "finding")
    detailed = [job for job in stack.jobs if job.fields]
    for job in _first(detailed, room.detailed):
        yield _fields(job, room)
    yield from _left(len(detailed), room.detailed, "run", "whose fields changed")
    if stack.others:
        yield _others(stack, room)
    if stack.warnings:
        yield _warnings(stack, room)


def _runs(stack: StackChange, changed: Sequence[JobChange], room: _Room) -> str:
    costs = columns(stack.jobs)
    rows = [
        (
            f"`{_MARKS[job.effect]}`",
            f"{code(job.name)} ({code(job.kind)})",
            _happens(job),
            _both(*(run.gpus if run else 0 for run in (job.before, job.after))),
            _both(*(run.nodes if run else 0 for run in (job.before, job.after))),
            *(cell([job], cost) for cost in costs),
        )
        for job in _first(changed, room.runs)
    ]
    whole = "all runs of the stack" if stack.complete else "the runs above"
    totals = [cell(stack.jobs, cost) for cost in costs]
    what = f"GPUs{' and cost' if costs else ''} of {whole}"
    total = ("", "", what, _both(*stack.gpus), "", *totals)
    head = ("", "run", "what happens", "GPUs", "nodes", *costs.values())
    return _table(head, [*rows, total])


def _pools(stack: StackChange, room: _Room) -> str:
    rows = [_pool(change, room) for change in _first(stack.pools, room.runs)]
    head = ("", "pool", "machine", "nodes at most", "GPUs", "$/h", "what changes")
    return _table(head, rows)


def _pool(change: PoolChange, room: _Room) -> tuple[str, ...]:
    sides = (change.before, change.after)
    return (
        f"`{_OPERATION_MARKS[change.operation]}`",
        f"{code(change.name)} ({code(change.kind)})",
        " → ".join(dict.fromkeys(code(pool.machine) for pool in sides if pool)),
        _both(*(pool.max_nodes if pool else 0 for pool in sides)),
        _both(*(pool.gpus if pool else 0 for pool in sides)),
        _became(*(_price(pool) for pool in sides)),
        ", ".join(code(field.path) for field in _first(change.fields, room.fields)),
    )


def _price(pool: Pool | None) -> str:
    if pool is None:
        return "0"
    return "?" if pool.per_hour is None else f"{pool.per_hour:.2f}"


def _happens(job: JobChange) -> str:
    before, after = _object(job.before), _object(job.after)
    match job.effect:
        case Effect.RESTARTS:
            unless = "" if job.after and job.after.job_name else ", unless that is the same"
            return f"**restarts**: {before} stops, {after} starts{unless}"
        case Effect.STOPS:
            return f"**stops**: {before}"
        case Effect.STARTS:
            return f"**starts**: {after}"
        case _:
            return f"changes in place, {after} goes on"


def _object(run: Run | None) -> str:
    if run is None:
        return ""
    return code(run.job_name) if run.job_name else "a version known after `up`"


def _both(before: int | str | None, after: int | str | None) -> str:
    return _became(_amount(before), _amount(after))


def _became(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _amount(value: int | str | None) -> str:
    return code(value) if isinstance(value, str) else "?" if value is None else str(value)


def _fields(job: JobChange, room: _Room) -> str:
    shown = _first(job.fields, room.fields)
    if job.effect is Effect.STARTS:
        table = _table(("field", "value"), [(code(f.path), _value(f.after)) for f in shown])
    else:
        table = _table(("field", "before", "after"), list(map(_field, shown)))
    rest = list(_left(len(job.fields), room.fields, "field"))
    text = "\n\n".join([table, *rest])
    if job.effect is Effect.STARTS:
        return _folded(f"{html_code(job.name)} runs with", text)
    goes_on = " goes on unchanged" if job.effect is Effect.KEEPS else ""
    return f"{code(job.name)}{goes_on}\n\n{text}"


def _field(field: FieldChange) -> tuple[str, str, str]:
    return code(field.path), _value(field.before), _value(field.after)


def _value(value: str | None) -> str:
    return "" if value is None else code(value)


def _findings(stack: StackChange, room: _Room) -> str:
    return _table(
        ("policy", "level", "resource", "finding"),
        [
            (code(f.policy), code(f.level), code(f.resource or stack.name), code(_found(f)))
            for f in _first(stack.findings, room.messages)
        ],
    )


def _found(finding: Finding) -> str:
    """What was found, without the policy's description, which Pulumi puts on the first line."""
    description, _, found = finding.message.partition("\n")
    return found or description


def _others(stack: StackChange, room: _Room) -> str:
    counted = Counter(other.operation for other in stack.others)
    said = ", ".join(f"{counted[op]} to {op}" for op in _OPERATION_MARKS if counted[op])
    rows = [
        f"- `{_OPERATION_MARKS[other.operation]}` {code(other.type)} {code(other.name)}"
        for other in _first(stack.others, room.others)
    ]
    rest = list(_left(len(stack.others), room.others, "resource"))
    return _folded(f"Other resources: {said}", "\n".join([*rows, *(f"- {line}" for line in rest)]))


def _warnings(stack: StackChange, room: _Room) -> str:
    shown = [block(warning, 1000) for warning in _first(stack.warnings, room.messages)]
    rest = _left(len(stack.warnings), room.messages, "warning")
    return _folded(f"Warnings: {len(stack.warnings)}", "\n\n".join([*shown, *rest]))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _first(items: Sequence[T], count: int) -> Sequence[T]:
    return items[:count]


def _left(there: int, shown: int, noun: str, rest: str = "") -> Iterator[str]:
    """What a list leaves out, in words; nothing when it is whole."""
    if there > shown:
        more = there - shown
        words = f"{more} more {noun}{'' if more == 1 else 's'} {rest}".strip()
        yield f"… and {words}"
