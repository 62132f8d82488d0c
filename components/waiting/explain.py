"""Why a run failed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .judge import Look, container_statuses
from .message import messages
from .target import Target


def failure(target: Target, look: Look) -> str:
    """One readable message: what failed first, why, its last lines, and what shows more."""
    condition = look.condition("Failed") or {}
    head = f"{target.kind} {target.name} failed"
    cause = _reported(target, look) or _observed(look)
    if cause is None:
        reason = condition.get("reason", ""), condition.get("message", "")
        cause = ": ".join(part for part in reason if part) or "for an unknown reason"
    elif (limit := _limit(condition, look)) and limit not in cause:
        cause = f"{limit}; {cause}"
    return f"{head}: {cause}\nmore: kubectl --namespace {target.namespace} logs --prefix " + (
        f"--selector {target.selector}"
    )


def _limit(condition: dict[str, Any], look: Look) -> str | None:
    """The limit that ended the run.

    The training-operator tells it in the message only, the mpi-operator adds the pod's reason, and
    workers whose own deadline has passed take their launcher with them.
    """
    if any(pod.get("status", {}).get("reason") == "DeadlineExceeded" for pod in look.pods):
        return "DeadlineExceeded"
    reason = str(condition.get("reason", "")).partition("/")[0]
    if reason in ("DeadlineExceeded", "BackoffLimitExceeded"):
        return reason
    message = condition.get("message", "")
    if "active longer than specified deadline" in message:
        return "DeadlineExceeded"
    return "BackoffLimitExceeded" if "reached the specified backoff limit" in message else None


def pending(look: Look) -> str:
    """What the pods still wait for, as a tail for a sentence."""
    observed = _observed(look)
    return f"; {observed}" if observed else ""


def _reported(target: Target, look: Look) -> str | None:
    """The failure that the launch runtime reported first."""
    failures = (
        (pod, report)
        for pod, report in messages(look.pods, target.container)
        if report.get("status") == "failed"
    )
    pod, report = next(failures, ("", {}))
    if not report:
        return None
    rank, node = report.get("rank"), report.get("node")
    place = f"in {pod}" if node is None else f"node {node}"
    who = pod if rank is None else f"rank {rank} ({place})"
    lines = [f"{who}: {report.get('error') or report.get('reason')}"]
    if report.get("location"):
        lines.append(f"  at {report['location']}")
    lines += [f"  {line}" for line in report.get("traceback") or []]
    return "\n".join(lines)


def _observed(look: Look) -> str | None:
    """What the pods themselves show."""
    for pod, status in look.image_trouble():
        waiting = status["state"]["waiting"]
        return (
            f"{pod['metadata']['name']}: {waiting['reason']} of image {status['image']!r}: "
            f"{waiting.get('message', '')}"
        )
    exits = sorted(_exits(look.pods), key=lambda found: found[2].get("finishedAt") or "")
    if exits:
        return _exit(*exits[0])
    for pod in look.pods:
        reason = pod.get("status", {}).get("reason")
        if reason:
            return f"{pod['metadata']['name']}: {reason}: {pod['status'].get('message', '')}"
        for condition in pod.get("status", {}).get("conditions") or []:
            if condition.get("reason") == "Unschedulable":
                return f"{pod['metadata']['name']}: Unschedulable: {condition.get('message', '')}"
    return None


def _exits(
    pods: list[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Pod, container status and state of each container that failed, its newest failure."""
    for pod in pods:
        for status in container_statuses(pod):
            for state in ("state", "lastState"):
                ended = status.get(state, {}).get("terminated")
                if ended and ended.get("exitCode"):
                    yield pod, status, ended
                    break


def _exit(pod: dict[str, Any], status: dict[str, Any], ended: dict[str, Any]) -> str:
    limit = next(
        (
            container.get("resources", {}).get("limits", {}).get("memory")
            for container in pod["spec"]["containers"]
            if container["name"] == status["name"]
        ),
        None,
    )
    reason = ended.get("reason") or "Error"
    if reason == "OOMKilled" and limit:
        reason += f" (memory limit {limit})"
    tail = (ended.get("message") or "").strip()
    return f"{pod['metadata']['name']}: exit code {ended['exitCode']}, {reason}" + (
        "\n" + "\n".join(f"  {line}" for line in tail.splitlines()[-10:]) if tail else ""
    )
