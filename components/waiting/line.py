"""What people read while a run is waited for."""

from __future__ import annotations

from ..status import RunStatus

_MINUTE, _HOUR = 60, 3600


def line(status: RunStatus, waited: float, timeout: int | None) -> str:
    """One line: phase, ready pods, step and metrics, what it waits for, and the time left.

    `waited` are the seconds for which it has been waited for, of `timeout` at most.
    """
    ready = ", ".join(
        f"{role.ready}/{role.total} {name}" for name, role in status.roles.items() if role.total
    )
    said = [status.headline, *([f"{ready} ready"] if ready else [])]
    if status.restarts:
        said.append(f"{status.restarts} restarts" if status.restarts > 1 else "1 restart")
    if status.progress and str(status.progress):
        said.append(str(status.progress))
    said.append(_time(status, waited, timeout))
    tail = f"; {status.reason}" if status.reason else ""
    return f"{status.name}: {', '.join(said)}{tail}"


def duration(seconds: float) -> str:
    """In words.

    >>> duration(75), duration(3660), duration(9.6)
    ('1 m 15 s', '1 h 1 m', '9 s')
    """
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} m {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} m"


def _time(status: RunStatus, waited: float, timeout: int | None) -> str:
    left = []
    if timeout is not None:
        left.append((timeout - waited, "the timeout"))
    if status.deadline is not None:
        left.append((status.deadline - status.elapsed, "the deadline"))
    said = f"after {duration(status.elapsed)}"
    if not left:
        return said
    seconds, limit = min(left)
    return f"{said}, {duration(max(0.0, seconds))} to {limit}"
