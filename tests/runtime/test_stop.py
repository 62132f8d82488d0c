"""SIGTERM is a request to save."""

from __future__ import annotations

import signal
import time

import pytest

from .pods import Pods
from .programs import SAVES, SAVES_WITH_LOADER

METHODS = pytest.mark.parametrize("method", ["spawn", "fork"])


@METHODS
def test_the_program_saves_and_the_pod_exits_143(pods: Pods, method: str) -> None:
    saved = pods.folder / "saved"
    pod = pods.single(pods.script(SAVES), str(saved), TRAINSTACK_START_METHOD=method)
    pod.says("training")
    pod.send(signal.SIGTERM)
    time.sleep(0.3)
    pod.send(signal.SIGTERM)
    assert pod.wait() == 143, pod.output
    assert saved.read_text() == "saved"
    assert "did not end in time" not in pod.output
    assert pod.message["status"] == "stopped"
    assert pod.message["exit_code"] == 143


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_data_loaders_survive_the_request(pods: Pods, context: str) -> None:
    saved = pods.folder / "saved"
    pod = pods.single(pods.script(SAVES_WITH_LOADER), str(saved), context)
    pod.says("training")
    pod.send(signal.SIGTERM)
    assert pod.wait() == 143, pod.output
    assert saved.read_text() == "saved", pod.output
    assert "Traceback" not in pod.output


def test_a_program_that_does_not_save_ends_at_once(pods: Pods) -> None:
    pod = pods.single(pods.script("import time\nprint('training', flush=True)\ntime.sleep(600)"))
    pod.says("training")
    pod.send(signal.SIGTERM)
    assert pod.wait(20) == 143


def test_a_program_that_ignores_the_request_is_ended(pods: Pods) -> None:
    source = (
        "import time\nfrom trainstack_runtime import stop_requested\n"
        "print('training', flush=True)\ntime.sleep(600)"
    )
    pod = pods.single(pods.script(source), TRAINSTACK_GRACE_SECONDS="6")
    pod.says("training")
    pod.send(signal.SIGTERM)
    assert pod.wait(20) == 143
    assert "did not end in time" in pod.output
    assert pod.children() == []


def test_stopped_before_anything_answers(pods: Pods) -> None:
    pod = pods.agent("early", "--script", str(pods.script("")), "--")
    time.sleep(1)
    pod.send(signal.SIGTERM)
    assert pod.wait() == 143, pod.output


def test_stopped_while_the_others_are_missing(pods: Pods) -> None:
    store = pods.store()
    store.says("rendezvous store on port")
    pod = pods.agent("alone", "--script", str(pods.script("")), "--", LOGLEVEL="INFO")
    pod.says("Rendezvous'ing worker group")
    pod.send(signal.SIGTERM)
    assert pod.wait() == 143, pod.output


def test_the_store_stops_too(pods: Pods) -> None:
    store = pods.store()
    store.says("rendezvous store on port")
    store.send(signal.SIGTERM)
    assert store.wait(20) == 143
