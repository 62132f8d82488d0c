"""Nodes of an elastic run that end at different times."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from .pods import Pod, Pods
from .programs import ENDS, SAVES_SLOWLY, WAITS_ALONE
from .torch_python import IN_IMAGES, LOCKS, ROOT

TORCHES = [
    pytest.param(version, marks=[] if version == IN_IMAGES else pytest.mark.slow)
    for version in LOCKS
]


def started(pods: Pods, source: str, *args: str, **env: str) -> tuple[Pod, Pod, Pod]:
    """The store, the node of rank 0 and the other one, once both train together."""
    program = ("--script", str(pods.script(source)), "--", *args)
    said = {"nodes": "1:2", "PET_RDZV_CONF": CONF, **env}
    store = pods.store()
    agents = [pods.agent(name, *program, **said) for name in ("a", "b")]
    for agent in agents:
        agent.says("world 2")
    zero, other = sorted(agents, key=lambda agent: "world 2 rank 0" not in agent.output)
    return store, zero, other


DONE = "the ranks of this node are done: waiting for the others"
CONF = (
    "is_host=0,join_timeout=180,read_timeout=180,last_call_timeout=5,"
    "keep_alive_interval=1,keep_alive_max_attempt=3"
)


@pytest.mark.parametrize("torch", TORCHES)
@pytest.mark.parametrize("method", ["spawn", pytest.param("fork", marks=pytest.mark.slow)])
def test_a_node_that_is_done_is_needed_again_when_rank_0_is_lost(
    pods: Pods, torch: str, method: str
) -> None:
    pods.torch = torch
    release = str(pods.folder / "release")
    store, zero, other = started(pods, WAITS_ALONE, release, TRAINSTACK_START_METHOD=method)
    other.says(DONE)
    zero.kill()
    other.says("left or is lost: the nodes meet anew", 60)
    assert other.wait() == 0, other.output
    assert store.wait() == 0
    assert store.message["result"] == {"world": 1}
    assert store.message["restarts"] == 0


@pytest.mark.slow
def test_rank_0_goes_on_alone_when_others_come_and_go(pods: Pods) -> None:
    release = pods.folder / "release"
    store, zero, other = started(pods, WAITS_ALONE, str(release))
    other.says(DONE)
    rounds = zero.output.count('"event": "round"')
    other.kill()
    newcomer = pods.agent(
        "c", "--script", "train.py", "--", str(release), nodes="1:2", PET_RDZV_CONF=CONF
    )
    time.sleep(8)
    release.touch()
    assert zero.wait() == 0, zero.output
    assert store.wait() == 0
    assert store.message["result"] == {"world": 2}
    assert zero.output.count('"event": "round"') == rounds
    assert newcomer.wait() == 0, newcomer.output


@pytest.mark.slow
def test_rank_0_may_take_longer_than_torch_would_wait(pods: Pods) -> None:
    pods.script(
        "import torch.distributed.elastic.utils.store as store\n"
        "from trainstack_runtime import verdict\n"
        "wait = store.barrier\n"
        "store.barrier = lambda *a, **said: wait(*a, **{**said, 'barrier_timeout': 1})\n"
        "verdict.VERDICT_SECONDS = 1.0\n",
        "sitecustomize.py",
    )
    release = pods.folder / "release"
    path = f"{pods.folder}:{ROOT}/images/runtime"
    store, zero, other = started(pods, WAITS_ALONE, str(release), PYTHONPATH=path)
    other.says(DONE)
    time.sleep(5)
    release.touch()
    assert [pod.wait() for pod in (store, zero, other)] == [0, 0, 0], other.output
    assert store.message["result"] == {"world": 2}


@pytest.mark.slow
def test_a_run_that_fails_after_rank_0_is_done_has_not_finished(pods: Pods) -> None:
    volume = pods.folder / "volume"
    env = {"TRAINSTACK_RUN": "digits", "TRAINSTACK_VERSION": "v1"}
    env["TRAINSTACK_CHECKPOINT_FOLDER"] = str(volume)
    store, zero, other = started(pods, ENDS, **env)
    assert store.wait() == 1, store.output
    assert [zero.wait(), other.wait()] == [1, 1], zero.output + other.output
    assert store.message["error"] == "ValueError: after rank 0"
    assert zero.message["error"] == "ValueError: after rank 0"
    assert not (volume / "digits/v1/finished.json").exists()


@pytest.mark.slow
def test_a_stopped_nodes_slow_save_is_waited_for_and_is_no_restart(
    pods: Pods, tmp_path: Path
) -> None:
    env = {"PET_MAX_RESTARTS": "0", "TRAINSTACK_CHECKPOINT_FOLDER": str(tmp_path / "volume")}
    store, zero, other = started(pods, SAVES_SLOWLY, **env)
    zero.send(signal.SIGTERM)
    assert zero.wait() == 143, zero.output
    assert store.wait() == 0, other.output
    assert other.wait() == 0
    said = store.message
    assert said["result"]["world"] == 1
    assert said["result"]["first"] > 0
    assert said["restarts"] == 0


@pytest.mark.slow
def test_a_spare_node_ends_with_the_run(pods: Pods) -> None:
    release = pods.folder / "release"
    store, zero, other = started(pods, WAITS_ALONE, str(release))
    words = ("--script", "train.py", "--", str(release))
    spare = pods.agent("c", *words, nodes="1:2", PET_RDZV_CONF=CONF, LOGLEVEL="INFO")
    spare.says("Rendezvous'ing worker group")
    time.sleep(3)
    release.touch()
    assert [pod.wait() for pod in (store, zero, other)] == [0, 0, 0]
    assert spare.wait() == 0, spare.output
    assert spare.message["result"] == {"world": 2}
