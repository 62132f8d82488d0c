"""What a preview does to pools of nodes."""

from __future__ import annotations

from collections.abc import Iterator

from .change import Pool, PoolChange
from .fields import changed_fields
from .preview import Preview, State, Step

_OPERATIONS = ("replace", "delete", "create", "update")


def is_pool(step: Step) -> bool:
    """Whether the step is of a pool's component."""
    state = step.state
    return state.type.startswith("trainstack:index:") and "gpus_per_node" in state.inputs


def pool_changes(preview: Preview) -> tuple[PoolChange, ...]:
    """The pools that change, those that go first."""
    return tuple(sorted(_found(preview), key=lambda p: (_OPERATIONS.index(p.operation), p.name)))


def _found(preview: Preview) -> Iterator[PoolChange]:
    for step in preview.steps:
        if not is_pool(step) or step.operation not in _OPERATIONS:
            continue
        before, after = (_pool(state) for state in (step.before, step.after))
        inputs = [state.inputs if state else None for state in (step.before, step.after)]
        yield PoolChange(
            name=step.name,
            kind=step.state.type.rsplit(":", 1)[-1],
            operation=step.operation,
            before=None if step.operation == "create" else before,
            after=None if step.operation == "delete" else after,
            fields=changed_fields(*inputs) if step.operation in ("replace", "update") else (),
        )


def _pool(state: State | None) -> Pool | None:
    if state is None:
        return None
    said = state.inputs
    nodes = int(said["max_nodes"])
    return Pool(
        machine=said["machine"],
        max_nodes=nodes,
        gpus=nodes * int(said["gpus_per_node"]),
        per_hour=said.get("price_per_hour_at_most"),
    )
