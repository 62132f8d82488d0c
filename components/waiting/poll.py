"""Looks at a run until it has got far enough, or cannot."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..status import Look, Phase, RunStatus
from ..status.cause import image_trouble, refused, why_pending
from ..status.phase import phase_of
from .line import line
from .target import Target
from .witness import RunFailedError, Witness

_INTERVAL = 1.0
_START_PATIENCE = 90.0
_TROUBLE_PATIENCE = 60.0
_LINE_EVERY = 30.0
_LINE_GAP = 3.0

Tell = Callable[[str], None]


def wait(target: Target, tell: Tell) -> dict[str, Any]:
    """Poll until the job has got as far as `target.wait`; returns `status`, `result`, `decks`.

    `tell` gets a line about it when something has changed, and now and then.
    Raises `RunFailedError` that says why: it failed, vanished, cannot start, is held back by
    nobody who would let it go, or took more than `target.timeout` seconds.
    """
    return _Watch(target, tell).until_done()


class _Watch:
    def __init__(self, target: Target, tell: Tell) -> None:
        self.target = target
        self.tell = tell
        self.witness = Witness(target)
        self.started = time.monotonic()
        self.trouble_since: float | None = None
        self.told: tuple[Any, ...] = ()
        self.told_at = self.started - _LINE_EVERY

    @property
    def waited(self) -> float:
        return time.monotonic() - self.started

    def until_done(self) -> dict[str, Any]:
        enough = {Phase.SUCCEEDED}
        if self.target.wait == "running":
            enough.add(Phase.RUNNING)
        while True:
            look = self.witness.look()
            if look is not None:
                status = self.witness.status(look, with_progress=False)
                if status.phase in enough:
                    return _outcome(status)
                self._check(look, status)
                self._say(look, status)
            time.sleep(_INTERVAL)

    def _check(self, look: Look, status: RunStatus) -> None:
        """Raise `RunFailedError` for what will not get any further."""
        target, phase = self.target, phase_of(look)
        if phase is Phase.FAILED:
            raise RunFailedError(self.witness.explained(look))
        if phase is Phase.SUSPENDED and not status.queue:
            raise RunFailedError(
                f"{target} is suspended, and in no queue that would resume it: run `pulumi up` "
                "again once somebody has, or with suspend=False"
            )
        event = refused(look)
        stuck = self._for_too_long(bad=bool(event or image_trouble(look)))
        if event and (stuck or "Validation" in event["reason"]):
            raise RunFailedError(f"{target} was refused: {event['message']}")
        if stuck:
            raise RunFailedError(self.witness.explained(look, why_pending(look)))
        if phase is Phase.UNSEEN and self.waited > _START_PATIENCE:
            raise RunFailedError(
                f"{target}: no controller has taken it up for {self.waited:.0f} s; "
                "is its operator running?"
            )
        if target.timeout is not None and self.waited > target.timeout:
            why = f"; {status.reason}" if status.reason else ""
            raise RunFailedError(
                f"{target}: not {target.wait} after {target.timeout} s, but {status.headline}{why}"
            )

    def _for_too_long(self, *, bad: bool) -> bool:
        """Whether there has been trouble for a minute without a break."""
        if not bad:
            self.trouble_since = None
            return False
        if self.trouble_since is None:
            self.trouble_since = self.waited
        return self.waited - self.trouble_since > _TROUBLE_PATIENCE

    def _say(self, look: Look, status: RunStatus) -> None:
        """Tell how far it is when that has changed, or has not been told for long."""
        headline = (status.phase, status.reason, status.roles)
        now = time.monotonic()
        if now - self.told_at < (_LINE_EVERY if headline == self.told else _LINE_GAP):
            return
        self.told, self.told_at = headline, now
        whole = self.witness.status(look, with_progress=True)
        self.tell(line(whole, self.waited, self.target.timeout))


def _outcome(status: RunStatus) -> dict[str, Any]:
    return {
        "status": {"phase": status.phase.value, **status.report},
        "result": status.result,
        "decks": None if status.decks is None else dict(status.decks),
    }
