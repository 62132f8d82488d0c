"""Asks the API server until the run has got far enough, or cannot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from .explain import failure, pending
from .judge import Look, Phase, judge
from .message import decks, verdict
from .target import Target

_INTERVAL = 1.0
_API_PATIENCE = 300.0
_START_PATIENCE = 90.0
_IMAGE_PATIENCE = 60.0
_REPORTED = ("duration", "nodes", "restarts", "world_size")


class RunFailedError(Exception):
    """The run ended, or will end, without what was waited for."""


def wait(target: Target) -> dict[str, Any]:
    """Poll until the job has got as far as `target.wait`; returns `status`, `result`, `decks`.

    Raises `RunFailedError` that says why: it failed, vanished, cannot start, or took more than
    `target.timeout` seconds.
    """
    return _Watch(target, _api(target)).until_done()


def _api(target: Target) -> client.ApiClient:
    path = str(Path(target.kubeconfig).expanduser()) if target.kubeconfig else None
    return config.new_client_from_config(config_file=path, context=target.context)


class _Watch:
    def __init__(self, target: Target, api: client.ApiClient) -> None:
        self.target = target
        self.jobs = client.CustomObjectsApi(api)
        self.pods = client.CoreV1Api(api)
        self.api = api
        self.started = time.monotonic()
        self.last_answer = self.started
        self.image_trouble: float | None = None

    def until_done(self) -> dict[str, Any]:
        while True:
            look = self._look()
            if look is not None:
                done = self._decide(look)
                if done is not None:
                    return done
            time.sleep(_INTERVAL)

    def _decide(self, look: Look) -> dict[str, Any] | None:
        phase, target = judge(look), self.target
        if phase is Phase.SUCCEEDED:
            return self._outcome(look)
        if phase is Phase.FAILED:
            raise RunFailedError(failure(target, look))
        if phase is Phase.RUNNING and target.wait == "running":
            return self._outcome(look)
        waited = time.monotonic() - self.started
        if phase is Phase.UNSEEN and waited > _START_PATIENCE:
            raise RunFailedError(
                f"{target.kind} {target.name}: no controller has taken it up for {waited:.0f} s; "
                "is its operator running?"
            )
        if self._image_hopeless(look):
            raise RunFailedError(failure(target, look))
        if target.timeout is not None and waited > target.timeout:
            raise RunFailedError(
                f"{target.kind} {target.name}: not {target.wait} after {target.timeout} s"
                f"{pending(look)}"
            )
        return None

    def _image_hopeless(self, look: Look) -> bool:
        if not look.image_trouble():
            self.image_trouble = None
            return False
        if self.image_trouble is None:
            self.image_trouble = time.monotonic()
        return time.monotonic() - self.image_trouble > _IMAGE_PATIENCE

    def _outcome(self, look: Look) -> dict[str, Any]:
        said = verdict(look.pods, self.target.container)
        status = {key: said[key] for key in _REPORTED if key in said}
        return {
            "status": {"phase": judge(look).value, **status},
            "result": said.get("result"),
            "decks": decks(said),
        }

    def _look(self) -> Look | None:
        """One look at the cluster, or None when it does not answer for now."""
        target = self.target
        try:
            job = self.jobs.get_namespaced_custom_object(
                target.group, target.version, target.namespace, target.plural, target.name
            )
            pods = self.pods.list_namespaced_pod(target.namespace, label_selector=target.selector)
        except ApiException as error:
            if error.status == 404:
                raise RunFailedError(
                    f"{target.kind} {target.name} was deleted while it was waited for"
                ) from None
            if error.status in (401, 403):
                raise RunFailedError(f"cannot look at {target.name}: {error.reason}") from None
            self._check_patience(error)
            return None
        except (HTTPError, OSError) as error:
            self._check_patience(error)
            return None
        self.last_answer = time.monotonic()
        return Look(job, [self.api.sanitize_for_serialization(pod) for pod in pods.items])

    def _check_patience(self, error: Exception) -> None:
        if time.monotonic() - self.last_answer > _API_PATIENCE:
            raise RunFailedError(
                f"the API server has not answered for {_API_PATIENCE:.0f} s: {error}"
            ) from None
