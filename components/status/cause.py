"""Why a run failed, or what it waits for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .look import Look, container_statuses, pod_condition
from .phase import Phase, phase_of
from .queueing import held_by
from .reports import read
from .roles import decides

IMAGE_REASONS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)
_DEADLINE, _BACKOFF = "DeadlineExceeded", "BackoffLimitExceeded"
_FINAL = ("forbidden", "denied the request")
_QUOTA = "exceeded quota"
_LAST_LINES = 10
_FIRST_OWN_CODE = 200


@dataclass(frozen=True)
class Cause:
    """One thing that went wrong."""

    what: str
    """Who and why, in one line."""
    lines: tuple[str, ...] = ()
    """The end of what it printed: a traceback, or the last lines of its log."""
    pod: str | None = None
    container: str | None = None
    at: str = ""
    consequence: bool = False
    """Whether it follows from something else: a lost peer, a request to stop."""
    verdict: bool = False
    """Whether the pod says what happened to others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", _line(self.what))

    def __str__(self) -> str:
        return "\n".join([self.what, *(f"  {line}" for line in self.lines)])


def why_failed(look: Look) -> Cause:
    """The first cause of a failure."""
    found = sorted(
        _causes(look), key=lambda cause: (cause.consequence, not cause.verdict, cause.at)
    )
    condition = look.condition("Failed") or {}
    limit = _limit(condition, look)
    if not found and (stuck := why_pending(look)):
        found = [stuck]
    if not found:
        reason = limit or condition.get("reason")
        said = [str(part) for part in (reason, condition.get("message")) if part]
        return Cause(": ".join(said) or "for an unknown reason")
    first = found[0]
    if limit is None or limit in first.what:
        return first
    return Cause(f"{limit}; {first.what}", first.lines, first.pod, first.container)


def why_pending(look: Look) -> Cause | None:
    """What pods, or the lack of them, show of what a run waits for."""
    for pod, status in image_trouble(look):
        waiting = status["state"]["waiting"]
        name = pod["metadata"]["name"]
        what = f"{name}: {waiting['reason']}"
        if "Image" in waiting["reason"]:
            what += f" of image {status['image']!r}"
        said = waiting.get("message")
        return Cause(f"{what}: {said}" if said else what, pod=name)
    for pod in look.pods:
        scheduled = pod_condition(pod, "PodScheduled")
        if scheduled.get("status") == "False":
            name = pod["metadata"]["name"]
            reason = scheduled.get("reason") or "Unschedulable"
            return Cause(f"{name}: {reason}: {scheduled.get('message', '')}", pod=name)
    if look.warnings:
        event = look.warnings[-1]
        about = event.get("involvedObject") or event.get("regarding") or {}
        return Cause(f"{about.get('name')}: {event.get('reason')}: {event.get('message')}")
    return None


def image_trouble(look: Look) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pods, with the container's status, that cannot get or make their container."""
    return [
        (pod, status)
        for pod in look.pods
        for status in container_statuses(pod)
        if status.get("state", {}).get("waiting", {}).get("reason") in IMAGE_REASONS
    ]


def refused(look: Look) -> dict[str, Any] | None:
    """The event by which the job, or one of its pods, was refused for good."""
    for event in look.warnings:
        reason, message = str(event.get("reason", "")), str(event.get("message", ""))
        if "Validation" in reason:
            return event
        final = any(word in message for word in _FINAL) and _QUOTA not in message
        if "FailedCreate" in reason and final:
            return event
    return None


def reason_of(look: Look) -> str | None:
    """In one line why a run is not running; None for one that runs, or went well."""
    phase = phase_of(look)
    if phase is Phase.FAILED:
        return why_failed(look).what
    if phase is Phase.SUSPENDED:
        held = held_by(look)
        return _line(held) if held else None
    stuck = None if phase is Phase.SUCCEEDED else why_pending(look)
    return stuck.what if stuck else None


def _line(text: str) -> str:
    return " ".join(text.split())


def _limit(condition: dict[str, Any], look: Look) -> str | None:
    """The limit that ended the run.

    The training-operator tells it in the message only, the mpi-operator adds the pod's reason, and
    workers whose own deadline has passed take their launcher with them.
    """
    reason = str(condition.get("reason", "")).partition("/")[0]
    message = condition.get("message", "")
    late = any(pod.get("status", {}).get("reason") == _DEADLINE for pod in look.pods)
    if late or reason == _DEADLINE or "active longer than specified deadline" in message:
        return _DEADLINE
    # A limit of 0 is no more than the wish that the first failure be the last.
    often = reason == _BACKOFF or "reached the specified backoff limit" in message
    return _BACKOFF if often and look.policy.get("backoffLimit") else None


def _causes(look: Look) -> Iterator[Cause]:
    training = look.containers
    for pod in look.pods:
        ended = False
        for status in container_statuses(pod):
            for state in ("state", "lastState"):
                terminated = status.get(state, {}).get("terminated")
                if terminated and terminated.get("exitCode"):
                    ended = True
                    yield _ending(pod, status, terminated, training)
                    break
        if not ended and (gone := _gone(pod)):
            yield gone


def _ending(
    pod: dict[str, Any], status: dict[str, Any], ended: dict[str, Any], training: set[str]
) -> Cause:
    """Of a container that failed, by its newest failure."""
    name = pod["metadata"]["name"]
    where = {"pod": name, "container": status["name"], "at": ended.get("finishedAt") or ""}
    report = read(ended.get("message")) if status["name"] in training else None
    if report is not None:
        return _reported(pod, status, report, where)
    who = name if status["name"] in training else f"{name}, container {status['name']}"
    code = int(ended["exitCode"])
    why = ended.get("reason") or "Error"
    if why == "OOMKilled":
        why += _memory_limit(pod, status["name"])
    elif lost := _gone(pod):
        return Cause(lost.what, (), **where)
    else:
        why += _signal(code)
    tail = (ended.get("message") or "").strip().splitlines()[-_LAST_LINES:]
    return Cause(
        f"{who}: exit code {code}, {why}",
        tuple(tail),
        consequence=code == 128 + signal.SIGTERM or "deletionTimestamp" in pod["metadata"],
        **where,
    )


def _reported(
    pod: dict[str, Any], status: dict[str, Any], report: dict[str, Any], where: dict[str, Any]
) -> Cause:
    """What the launch runtime said about its program."""
    rank, node = report.get("rank"), report.get("node")
    name = pod["metadata"]["name"]
    place = [*([] if node is None else [f"node {node}"]), *([] if decides(pod) else [name])]
    who = name if rank is None else f"rank {rank}" + (f" ({', '.join(place)})" if place else "")
    error = str(report.get("error") or report.get("reason"))
    if report.get("exit_code") == 128 + signal.SIGKILL:
        error += _memory_limit(pod, status["name"])
    first, *rest = error.splitlines() or [""]
    lines = [*rest, *([f"at {report['location']}"] if report.get("location") else [])]
    stopped = report.get("status") != "failed" or report.get("reason") == "rendezvous"
    return Cause(
        f"{who}: {first}",
        (*lines, *(report.get("traceback") or [])),
        consequence=bool(stopped or report.get("lost_peer")),
        verdict=decides(pod),
        **where,
    )


def _gone(pod: dict[str, Any]) -> Cause | None:
    """Of a pod that was ended from outside: evicted, preempted, drained, too long."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    at = status.get("startTime") or ""
    if reason := status.get("reason"):
        return Cause(f"{name}: {reason}: {status.get('message', '')}", pod=name, at=at)
    target = pod_condition(pod, "DisruptionTarget")
    if target.get("status") == "True":
        when = target.get("lastTransitionTime") or at
        return Cause(f"{name}: {target['reason']}: {target.get('message', '')}", pod=name, at=when)
    return None


def _memory_limit(pod: dict[str, Any], container: str) -> str:
    for spec in pod["spec"]["containers"]:
        limit = spec.get("resources", {}).get("limits", {}).get("memory")
        if spec["name"] == container and limit:
            return f" (memory limit {limit})"
    return ""


def _signal(code: int) -> str:
    """The signal that an exit code names; those of the launch runtime name none."""
    if not 128 < code < _FIRST_OWN_CODE:
        return ""
    try:
        return f" ({signal.Signals(code - 128).name})"
    except ValueError:
        return ""
