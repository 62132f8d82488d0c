"""Asks the API server until the run has got far enough, or cannot."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from ..status import Look, Phase, RunStatus, status_of
from ..status.cause import Cause, image_trouble, refused, why_failed, why_pending
from ..status.phase import phase_of
from ..status.progress import Progress
from ..status.reader import Reader
from .line import line
from .message import failure
from .target import Target

_INTERVAL = 1.0
_API_PATIENCE = 300.0
_START_PATIENCE = 90.0
_TROUBLE_PATIENCE = 60.0
_EVENTS_EVERY = 10.0
_LINE_EVERY = 30.0
_LINE_GAP = 3.0
_LAST_LINES = 10
_FORBIDDEN = (401, 403)
_WAITING = (Phase.UNSEEN, Phase.PENDING)

Tell = Callable[[str], None]


class RunFailedError(Exception):
    """The run ended, or will end, without what was waited for."""


def wait(target: Target, tell: Tell) -> dict[str, Any]:
    """Poll until the job has got as far as `target.wait`; returns `status`, `result`, `decks`.

    `tell` gets a line about it when something has changed, and now and then.
    Raises `RunFailedError` that says why: it failed, vanished, cannot start, is held back by
    nobody who would let it go, or took more than `target.timeout` seconds.
    """
    return _Watch(target, Reader.at(target.kubeconfig, target.context), tell).until_done()


class _Watch:
    def __init__(self, target: Target, reader: Reader, tell: Tell) -> None:
        self.target = target
        self.reader = reader
        self.tell = tell
        self.started = time.monotonic()
        self.last_answer = self.started
        self.trouble_since: float | None = None
        self.events_read = self.started
        self.warnings: list[dict[str, Any]] = []
        self.pods: dict[tuple[str, str], dict[str, Any]] = {}
        self.progress: Progress | None = None
        self.told: tuple[Any, ...] = ()
        self.told_at = self.started - _LINE_EVERY

    @property
    def waited(self) -> float:
        return time.monotonic() - self.started

    def until_done(self) -> dict[str, Any]:
        while True:
            look = self._look()
            if look is not None:
                phase = phase_of(look)
                if phase is Phase.SUCCEEDED:
                    return _outcome(self._status(look))
                if phase is Phase.RUNNING and self.target.wait == "running":
                    return _outcome(self._status(look))
                self._check(look, phase)
                self._say(look)
            time.sleep(_INTERVAL)

    def _check(self, look: Look, phase: Phase) -> None:
        """Raise `RunFailedError` for what will not get any further."""
        target = self.target
        who = f"{target.kind} {target.name}"
        if phase is Phase.FAILED:
            raise RunFailedError(self._explained(look, self._cause(look)))
        if phase is Phase.SUSPENDED and not status_of(look, _now()).queue:
            raise RunFailedError(
                f"{who} is suspended, and in no queue that would resume it: run `pulumi up` again "
                "once somebody has, or with suspend=False"
            )
        if event := refused(look):
            if "Validation" in event["reason"] or self._for_too_long(bad=True):
                raise RunFailedError(f"{who} was refused: {event['message']}")
        elif self._for_too_long(bad=bool(image_trouble(look))):
            stuck = why_pending(look)
            assert stuck is not None
            raise RunFailedError(self._explained(look, stuck))
        if phase is Phase.UNSEEN and self.waited > _START_PATIENCE:
            raise RunFailedError(
                f"{who}: no controller has taken it up for {self.waited:.0f} s; "
                "is its operator running?"
            )
        if target.timeout is not None and self.waited > target.timeout:
            status = self._status(look)
            why = f"; {status.reason}" if status.reason else ""
            state = f"Queued in {status.queue}" if phase is Phase.SUSPENDED else phase.value
            raise RunFailedError(
                f"{who}: not {target.wait} after {target.timeout} s, but {state}{why}"
            )

    def _for_too_long(self, *, bad: bool) -> bool:
        """Whether there has been such trouble for a minute without a break."""
        now = time.monotonic()
        if not bad:
            self.trouble_since = None
            return False
        if self.trouble_since is None:
            self.trouble_since = now
        return now - self.trouble_since > _TROUBLE_PATIENCE

    def _cause(self, look: Look) -> Cause:
        """Why it failed; pods that were removed with the job may know better than those left."""
        cause = why_failed(look)
        if cause.pod is None or cause.consequence:
            cause = why_failed(Look(look.job, list(self.pods.values())))
        return cause

    def _explained(self, look: Look, cause: Cause) -> str:
        lines: list[str] = []
        if not cause.lines and cause.pod and cause.container:
            with suppress(HTTPError, OSError):
                lines = self.reader.last_lines(look, cause.pod, cause.container, _LAST_LINES)
        return failure(self.target.ref, cause, lines)

    def _say(self, look: Look) -> None:
        """Tell how far it is when that has changed, or has not been told for long."""
        status = status_of(look, _now())
        headline = (status.phase, status.reason, status.roles)
        now = time.monotonic()
        pause = _LINE_EVERY if headline == self.told else _LINE_GAP
        if now - self.told_at < pause:
            return
        self.told, self.told_at = headline, now
        self.tell(line(self._status(look), self.waited, self.target.timeout))

    def _status(self, look: Look) -> RunStatus:
        with suppress(HTTPError, OSError):
            self.progress = self.reader.progress(look, self.progress)
        return status_of(look, _now(), self.progress)

    def _look(self) -> Look | None:
        """One look at the cluster, or None when it does not answer for now."""
        target = self.target
        try:
            look = self.reader.look(target.ref)
            if look is None or "deletionTimestamp" in look.job["metadata"]:
                raise RunFailedError(self._gone())
            look = self._with_warnings(look)
        except ApiException as error:
            if error.status in _FORBIDDEN:
                raise RunFailedError(f"cannot look at {target.name}: {error.reason}") from None
            self._check_patience(error)
            return None
        except (HTTPError, OSError) as error:
            self._check_patience(error)
            return None
        self.last_answer = time.monotonic()
        for pod in look.pods:
            metadata = pod["metadata"]
            self.pods[metadata["name"], metadata.get("uid", "")] = pod
        return look

    def _with_warnings(self, look: Look) -> Look:
        """The same with events, which are asked for now and then as long as it does not run."""
        if phase_of(look) not in _WAITING:
            return look
        now = time.monotonic()
        if now - self.events_read >= _EVENTS_EVERY:
            self.events_read = now
            self.warnings = self.reader.with_warnings(look).warnings
        return Look(look.job, look.pods, self.warnings)

    def _gone(self) -> str:
        who = f"{self.target.kind} {self.target.name}"
        if self.pods or self.told:
            return f"{who} was deleted while it was waited for"
        return (
            f"{who} is not in the cluster: it was deleted, or removed itself after its end; "
            "`pulumi refresh` and `pulumi up` make it again"
        )

    def _check_patience(self, error: Exception) -> None:
        if time.monotonic() - self.last_answer > _API_PATIENCE:
            raise RunFailedError(
                f"the API server has not answered for {_API_PATIENCE:.0f} s: {error}"
            ) from None


def _outcome(status: RunStatus) -> dict[str, Any]:
    return {
        "status": {"phase": status.phase.value, **status.report},
        "result": status.result,
        "decks": None if status.decks is None else dict(status.decks),
    }


def _now() -> datetime:
    return datetime.now(timezone.utc)
