"""Looks at a run again and again, and remembers what is gone."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from ..status import Look, Phase, RunStatus, status_of
from ..status.cause import Cause, why_failed
from ..status.phase import phase_of
from ..status.progress import Progress
from ..status.queueing import queued
from ..status.reader import Reader
from .message import failure
from .target import Target

_API_PATIENCE = 300.0
_REASONS_EVERY = 10.0
_LAST_LINES = 10
_FORBIDDEN = (401, 403)
_WAITING = (Phase.UNSEEN, Phase.PENDING)


class RunFailedError(Exception):
    """The run ended, or will end, without what was waited for."""


class Witness:
    """Of one run, from now on; raises `RunFailedError` when it cannot be seen any more."""

    def __init__(self, target: Target) -> None:
        self._target = target
        try:
            self._reader = Reader.at(target.kubeconfig, target.context)
        except (ConfigException, OSError) as error:
            raise RunFailedError(f"cannot look at {target}: {error}") from None
        self._last_answer = self._reasons_read = time.monotonic()
        self._warnings: list[dict[str, Any]] = []
        self._workloads: list[dict[str, Any]] = []
        self._pods: dict[tuple[str, str], dict[str, Any]] = {}
        self._progress: Progress | None = None
        self._seen = False

    def look(self) -> Look | None:
        """One look at the cluster, or None when it does not answer for now."""
        try:
            look = self._reader.look(self._target.ref)
            if look is None or "deletionTimestamp" in look.job["metadata"]:
                raise RunFailedError(self._gone())
            look = self._with_reasons(look)
        except ApiException as error:
            if error.status in _FORBIDDEN:
                raise RunFailedError(f"cannot look at {self._target}: {error.reason}") from None
            self._check_patience(error)
            return None
        except (HTTPError, OSError) as error:
            self._check_patience(error)
            return None
        self._last_answer, self._seen = time.monotonic(), True
        for pod in look.pods:
            self._pods[pod["metadata"]["name"], pod["metadata"].get("uid", "")] = pod
        return look

    def status(self, look: Look, *, with_progress: bool) -> RunStatus:
        """The run's state; its progress takes more questions."""
        if with_progress:
            with suppress(ApiException, HTTPError, OSError):
                self._progress = self._reader.progress(look, self._progress)
        return status_of(look, datetime.now(timezone.utc), self._progress)

    def explained(self, look: Look, cause: Cause | None = None) -> str:
        """Why it failed; pods that were removed with the job may know better than those left."""
        cause = cause or why_failed(look)
        if cause.pod is None or cause.consequence:
            cause = why_failed(Look(look.job, list(self._pods.values())))
        lines: list[str] = []
        if not cause.lines and cause.pod and cause.container:
            with suppress(ApiException, HTTPError, OSError):
                lines = self._reader.last_lines(look, cause.pod, cause.container, _LAST_LINES)
        return failure(self._target.ref, cause, lines)

    def _with_reasons(self, look: Look) -> Look:
        """The same with what is asked for now and then as long as it does not run.

        That is events, or what the queue says that holds it back.
        """
        if phase_of(look) not in _WAITING and not queued(look):
            return look
        now = time.monotonic()
        if now - self._reasons_read >= _REASONS_EVERY:
            self._reasons_read = now
            if queued(look):
                self._workloads = self._reader.with_workloads(look).workloads
            else:
                self._warnings = self._reader.with_warnings(look).warnings
        return replace(look, warnings=self._warnings, workloads=self._workloads)

    def _gone(self) -> str:
        if self._seen:
            return f"{self._target} was deleted while it was waited for"
        return (
            f"{self._target} is not in the cluster: it was deleted, or removed itself after its "
            "end; `pulumi refresh` and `pulumi up` make it again"
        )

    def _check_patience(self, error: Exception) -> None:
        if time.monotonic() - self._last_answer > _API_PATIENCE:
            raise RunFailedError(
                f"the API server has not answered for {_API_PATIENCE:.0f} s: {error}"
            ) from None
