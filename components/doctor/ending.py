"""Why a run failed, or fails again and again, or does not get on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..status import Look, Phase
from ..status.cause import Cause, why_failed
from ..status.look import container_statuses
from ..status.phase import phase_of
from ..status.reports import reports
from ..status.roles import roles_of
from .evidence import Evidence
from .finding import Finding, Findings

_LAST_LINES = 10
_ADVICE = (
    ("OOMKilled", "raise the memory in resources, or lower the batch size or the loaders' number"),
    ("memory limit", "raise the memory in resources, or lower the batch size"),
    ("DeadlineExceeded", "raise active_deadline_seconds, or make the run shorter"),
    ("Evicted", "the node ran short: ask for what the run really needs, so that it is placed well"),
    ("Preempted", "a pod of a higher priority took its place; give the job a priority"),
    ("NodeShutdown", "the node went away; an elastic run goes on without it"),
    ("SIGSEGV", "native code crashed: check the versions of CUDA, NCCL and torch in the image"),
    (
        "exit code 126",
        "the command cannot be executed: check its mode and the image's architecture",
    ),
    ("exit code 127", "the command is not in the image"),
    ("ModuleNotFoundError", "the image lacks that package; build it in"),
    (
        "FileNotFoundError",
        "check mounts and paths, and that relative paths are meant from /workspace",
    ),
    ("out of memory", "the GPU's memory is full: lower the batch size"),
    (
        "NCCL",
        "the ranks cannot reach each other: check the network interface and the pool's NCCL env",
    ),
)
_RENDEZVOUS = (
    "too few nodes met in time: see which pods were not running, or raise join_timeout in "
    "rdzv_configs"
)
_ITS_OWN = "the program's own failure: trainstack logs shows all that was printed before it"


def ending(evidence: Evidence) -> Findings:
    """Of pods that have run."""
    look = evidence.look
    if look is None:
        return
    phase = phase_of(look)
    if phase is Phase.FAILED:
        yield _failure(why_failed(look), look, evidence.logs)
    elif not phase.ended:
        yield from _crash_loops(look, evidence.logs)
    if phase in (Phase.RUNNING, Phase.PENDING):
        yield from _waits_for_others(look)


def _failure(cause: Cause, look: Look, logs: Mapping[str, str]) -> Finding:
    lines = cause.lines or tuple(_tail(cause, logs))
    if _met_too_late(look):
        advice = _RENDEZVOUS
    else:
        whole = " ".join((cause.what, *lines))
        advice = next((said for sign, said in _ADVICE if sign in whole), _ITS_OWN)
    return Finding(f"it failed: {cause.what}", advice, lines)


def _met_too_late(look: Look) -> bool:
    """Whether nothing worse happened than that the nodes did not meet."""
    told = [report for _, report in reports(look) if report.get("status") == "failed"]
    return bool(told) and all(report.get("reason") == "rendezvous" for report in told)


def _crash_loops(look: Look, logs: Mapping[str, str]) -> Findings:
    """Containers that fail and are started again."""
    for pod in look.pods:
        for status in container_statuses(pod):
            last = (status.get("lastState") or {}).get("terminated") or {}
            if not (status.get("restartCount") and last.get("exitCode")):
                continue
            one = Look(look.job, [pod])
            cause = why_failed(one)
            times = status["restartCount"]
            again = "once" if times == 1 else f"{times} times"
            found = _failure(cause, one, logs)
            yield Finding(f"it was started again {again}: {cause.what}", found.advice, found.lines)


def _waits_for_others(look: Look) -> Iterator[Finding]:
    """Running pods that have to wait for pods that do not run."""
    roles = roles_of(look)
    running = sum(role.ready for role in roles.values())
    lacking = {name: role for name, role in roles.items() if role.ready < role.total}
    if running and lacking:
        said = ", ".join(f"{role.ready}/{role.total} {name}" for name, role in lacking.items())
        yield Finding(
            f"pods wait for others that are not ready: {said}",
            "what keeps those is named above; an elastic run starts without those it need not have",
        )


def _tail(cause: Cause, logs: Mapping[str, str]) -> list[str]:
    """The last lines of the container that is to blame."""
    names = [f"{cause.pod}/{cause.container}", f"{cause.pod}/{cause.container} (before)"]
    texts: list[Any] = [logs[name] for name in names if logs.get(name)]
    return texts[0].splitlines()[-_LAST_LINES:] if texts else []
