"""Hosts that die or fall silent, each with a network of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.netns import Host, Network

from .pods import PATIENCE, Pod, Pods
from .programs import STEPS
from .torch_python import IN_IMAGES, LOCKS

OTHER_TORCH = [version for version in LOCKS if version != IN_IMAGES]
RDZV = (
    "is_host=0,join_timeout=120,read_timeout=120,last_call_timeout=2,"
    "keep_alive_interval=1,keep_alive_max_attempt=5"
)


class Run:
    """A store and nodes that train until they are told to stop."""

    def __init__(self, pods: Pods, network: Network, nodes: str, count: int) -> None:
        self.pods, self.nodes = pods, nodes
        self.program = ("--script", str(pods.script(STEPS)), "--", str(pods.folder))
        names = [f"node{number}" for number in range(count)]
        pods.hosts = {name: network.host(name) for name in ("store", *names)}
        self.start()

    def start(self) -> None:
        """All pods, as Kubernetes starts them again after they have left."""
        self.store = self.pods.store()
        env = {"PET_RDZV_CONF": RDZV, "PET_MAX_RESTARTS": "0", "TRAINSTACK_GRACE_SECONDS": "60"}
        self.agents = [
            self.pods.agent(name, *self.program, nodes=self.nodes, **env)
            for name in self.pods.hosts
            if name != "store"
        ]

    def rank_of(self, agent: Pod) -> int:
        """Of its only rank, when it last trained."""
        return int(steps(agent)[-1]["rank"])

    def first(self) -> Pod:
        """The node with rank 0."""
        return min(self.agents, key=self.rank_of)

    def last(self) -> Pod:
        """The node with the highest rank."""
        return max(self.agents, key=self.rank_of)

    def host_of(self, agent: Pod) -> Host:
        """Where it runs."""
        return self.pods.hosts[agent.name]

    def finish(self) -> dict[str, Any]:
        """Let it come to its end; gives the store's message."""
        (self.pods.folder / "stop").touch()
        assert self.store.wait() == 0, "".join(agent.output for agent in self.agents)
        return self.store.message


def steps(pod: Pod) -> list[dict[str, Any]]:
    """What the program printed."""
    return _lines(pod, '{"time"')


def events(pod: Pod) -> list[dict[str, Any]]:
    """What the launcher tells machines."""
    return _lines(pod, '{"trainstack": "event"')


def _lines(pod: Pod, start: str) -> list[dict[str, Any]]:
    whole = [line for line in pod.output.splitlines(keepends=True) if line.endswith("}\n")]
    return [json.loads(line) for line in whole if line.startswith(start)]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """A switch for hosts."""
    with Network(tmp_path / "network") as network:
        yield network


def trains_with(agents: list[Pod], world: int) -> None:
    """Wait until these nodes step in a world of this size."""
    for agent in agents:
        agent.says(f'"world": {world}')


def steps_anew(agent: Pod, world: int) -> None:
    """Wait until it has met the others again and steps in a world of this size."""
    deadline = time.monotonic() + PATIENCE
    while events(agent)[-1]["reason"] == "start" or steps(agent)[-1]["world"] != world:
        assert time.monotonic() < deadline, agent.output
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["first", "last"])
def test_training_goes_on_when_a_host_dies(pods: Pods, network: Network, which: str) -> None:
    run = Run(pods, network, "2:3", 3)
    trains_with(run.agents, 3)
    victim = run.first() if which == "first" else run.last()
    survivors = [agent for agent in run.agents if agent is not victim]
    victim.kill()
    trains_with(survivors, 2)
    assert run.finish()["result"]["worlds"][-1] == 2
    for agent in survivors:
        assert agent.wait() == 0
        *_, event = events(agent)
        assert run.host_of(victim).address in event["reason"]
        assert (event["event"], event["nodes"], event["world_size"]) == ("round", 2, 2)
        assert event["restarts"] == 0
        assert event["seconds"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("torch", [IN_IMAGES, *OTHER_TORCH])
def test_a_host_that_falls_silent_is_given_up_and_taken_back(
    pods: Pods, network: Network, torch: str
) -> None:
    pods.torch = torch
    run = Run(pods, network, "1:2", 2)
    trains_with(run.agents, 2)
    silent = run.last()
    (survivor,) = (agent for agent in run.agents if agent is not silent)
    host = run.host_of(silent)
    host.cut()
    survivor.says(f"{host.address} left or is lost: the nodes meet anew")
    host.mend()
    silent.says("this node was taken for lost: the nodes meet anew")
    steps_anew(silent, world=2)
    steps_anew(survivor, world=2)
    said = run.finish()
    assert said["result"]["worlds"][-1] == 2
    assert said["restarts"] == 0
    assert [agent.wait() for agent in run.agents] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("silently", [False, True])
def test_the_loss_of_the_store_is_reported_and_all_meet_anew(
    pods: Pods, network: Network, silently: bool
) -> None:
    run = Run(pods, network, "2", 2)
    trains_with(run.agents, 2)
    host = run.host_of(run.store)
    if silently:
        host.cut()
    else:
        run.store.kill()
    for agent in run.agents:
        assert agent.wait() == 200, agent.output
        assert agent.message["reason"] == "rendezvous"
        assert agent.message["error"].startswith("the rendezvous store is gone: ")
    run.store.kill()
    host.mend()
    run.start()
    trains_with(run.agents, 2)
    assert run.finish()["result"]["worlds"][-1] == 2
    assert [agent.wait() for agent in run.agents] == [0, 0]
