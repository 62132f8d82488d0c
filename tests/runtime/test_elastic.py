"""Two pods and a store."""

from __future__ import annotations

import time

import pytest

from .pods import Pod, Pods
from .programs import ALL_REDUCE, CRASHES, ONE_FAILS
from .torch_python import IN_IMAGES, LOCKS, ROOT

TORCHES = [
    pytest.param(version, marks=[] if version == IN_IMAGES else pytest.mark.slow)
    for version in LOCKS
]


def two(pods: Pods, source: str, *args: str, **env: str) -> tuple[Pod, Pod, Pod]:
    """The store and two agents."""
    program = ("--script", str(pods.script(source)), "--", *args)
    store = pods.store()
    return store, pods.agent("a", *program, **env), pods.agent("b", *program, **env)


def test_the_stores_pod_succeeds_with_rank_zeros_result(pods: Pods) -> None:
    store, *agents = two(pods, ALL_REDUCE)
    assert store.wait() == 0, store.output
    assert [agent.wait() for agent in agents] == [0, 0]
    said = store.message
    assert said["result"] == {"sum": 2.0, "restarts": "0"}
    assert (said["world_size"], said["nodes"], said["restarts"]) == (2, 2, 0)
    assert said["duration"] > 0
    results = [agent.message["result"] for agent in agents]
    assert sorted(results, key=str) == [None, said["result"]]


def test_the_cause_is_the_rank_that_failed_first(pods: Pods) -> None:
    store, *agents = two(pods, ONE_FAILS)
    assert store.wait() == 1
    assert [agent.wait() for agent in agents] == [1, 1]
    said = store.message
    assert (said["rank"], said["reason"]) == (1, "exception")
    assert said["location"].startswith("train.py:6 in main: raise ValueError")
    assert said["traceback"][-1] == "ValueError: the learning rate is negative"
    assert store.output.count('raise ValueError("the learning rate is negative")') == 2


@pytest.mark.parametrize("torch", TORCHES)
def test_a_crash_is_recovered_from_in_place_and_counts_where_it_was(pods: Pods, torch: str) -> None:
    pods.torch = torch
    crashes = pods.folder / "crashes"
    crashes.mkdir()
    store, *agents = two(pods, CRASHES, str(crashes), "1", PET_MAX_RESTARTS="1")
    assert store.wait() == 0, "".join(agent.output for agent in agents)
    assert store.message["result"] == {"sum": 2.0, "old_store": "False"}
    assert [agent.wait() for agent in agents] == [0, 0]
    assert sorted(agent.message["restarts"] for agent in agents) == [0, 1]


@pytest.mark.slow
def test_crashes_in_a_row_are_recovered_from_in_place(pods: Pods) -> None:
    crashes = pods.folder / "crashes"
    crashes.mkdir()
    store, *agents = two(pods, CRASHES, str(crashes), "5", PET_MAX_RESTARTS="5")
    assert store.wait() == 0, "".join(agent.output for agent in agents)
    assert store.message["result"]["sum"] == 2.0
    assert [agent.wait() for agent in agents] == [0, 0]
    assert len(list(crashes.iterdir())) == 5
    assert sum(agent.message["restarts"] for agent in agents) == 5


def test_an_unknown_torch_runs_as_it_does_by_itself(pods: Pods) -> None:
    pods.script(
        "from torch.distributed.elastic.rendezvous import dynamic_rendezvous\n"
        'del dynamic_rendezvous.DynamicRendezvousHandler.__annotations__["_this_node"]\n',
        "sitecustomize.py",
    )
    path = f"{pods.folder}:{ROOT}/images/runtime"
    store, *agents = two(pods, ALL_REDUCE, PYTHONPATH=path)
    assert store.wait() == 0, "".join(agent.output for agent in agents)
    for agent in agents:
        assert agent.wait() == 0
        assert "lacks DynamicRendezvousHandler._this_node: lost nodes go unnoticed" in agent.output


def test_a_lost_pod_does_not_end_the_run(pods: Pods) -> None:
    source = """\
import time, torch, torch.distributed as dist
from trainstack_runtime import progress, result
dist.init_process_group("gloo")
world = dist.get_world_size()
print(f"world {world} rank {dist.get_rank()}", flush=True)
for step in range(600 if world == 2 else 10):
    dist.all_reduce(torch.ones(1))
    time.sleep(0.1)
result(world=world)
"""
    program = ("--script", str(pods.script(source)), "--")
    env = {"PET_MAX_RESTARTS": "3", "nodes": "1:2"}
    store = pods.store()
    agents = [pods.agent("a", *program, **env), pods.agent("b", *program, **env)]
    for agent in agents:
        agent.says("world 2")
    zero, other = sorted(agents, key=lambda agent: "world 2 rank 0" not in agent.output)
    zero.kill()
    other.says("world 1")
    assert other.wait() == 0, other.output
    assert store.wait() == 0
    assert store.message["result"] == {"world": 1}


def test_pods_may_start_before_the_store(pods: Pods) -> None:
    program = ("--script", str(pods.script(ALL_REDUCE)), "--")
    agents = [pods.agent("a", *program), pods.agent("b", *program)]
    time.sleep(2)
    store = pods.store()
    assert store.wait() == 0
    assert [agent.wait() for agent in agents] == [0, 0]


def test_no_store_is_worth_a_retry(pods: Pods) -> None:
    pod = pods.agent(
        "a", "--script", str(pods.script("")), "--", PET_RDZV_CONF="is_host=0,join_timeout=2"
    )
    assert pod.wait() == 200
    assert pod.message["reason"] == "rendezvous"
    assert "nothing answered at the meeting point" in pod.message["error"]


def test_a_lost_store_is_worth_a_retry(pods: Pods) -> None:
    source = "import time\nprint('training', flush=True)\ntime.sleep(60)"
    store, *agents = two(pods, source)
    for agent in agents:
        agent.says("training")
    store.kill()
    assert [agent.wait(60) for agent in agents] == [200, 200]


@pytest.mark.slow
def test_too_few_nodes_is_worth_a_retry(pods: Pods) -> None:
    store = pods.store()
    program = ("--script", str(pods.script(ALL_REDUCE)), "--")
    pod = pods.agent("a", *program, PET_RDZV_CONF="is_host=0,join_timeout=3")
    assert pod.wait(60) == 202, pod.output
    again = [pods.agent(name, *program) for name in ("again", "b")]
    assert store.wait() == 0, "".join(pod.output for pod in again)
    assert [pod.wait() for pod in again] == [0, 0]
