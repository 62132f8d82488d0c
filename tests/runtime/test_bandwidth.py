"""The program of a `BandwidthTest` among real ranks: what it measures, and when it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trainstack.nodes.bandwidth_render import FUNCTION

from .pods import Pod, Pods

SIZES = {"4Ki": 4096, "1Mi": 2**20}
LOSES_A_RANK = """\
import torch.distributed as dist
from trainstack_runtime import bandwidth

right = dist.all_reduce


def main(**inputs):
    def wrong(data, *rest):
        right(data, *rest)
        if dist.get_rank() == 1 and data.numel() > 1:
            data[3] -= 1

    dist.all_reduce = wrong
    return bandwidth.all_reduce(**inputs)
"""


def words(pods: Pods, function: str = FUNCTION, **said: Any) -> list[str]:
    """The command line of the program with these inputs."""
    inputs = {"backend": "gloo", "iterations": 3, "sizes": SIZES, **said}
    file = pods.folder / "inputs.json"
    file.write_text(json.dumps(inputs))
    return ["--function", function, "--inputs", str(file), "--"]


def single(pods: Pods, said: list[str], ranks: int = 2) -> Pod:
    env = {"PET_MAX_RESTARTS": "0", "PET_NPROC_PER_NODE": str(ranks)}
    return pods.start("single", "torch", *said, env=env)


def measured(result: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = result.pop("bus_bandwidth")
    return found


def test_two_ranks_of_one_pod(pods: Pods) -> None:
    pod = single(pods, words(pods, least=1e-9))
    assert pod.wait() == 0, pod.output
    result = pod.message["result"]
    found = measured(result)
    assert list(found) == ["4Ki", "1Mi"]
    assert all(one > 0 for one in found.values())
    assert result == {"backend": "gloo", "ranks": 2}


def test_pods_of_an_elastic_run(pods: Pods) -> None:
    said = words(pods, sizes={"1Mi": 2**20, "4Ki": 4096})
    store = pods.store()
    agents = [
        pods.agent(name, *said, PET_MAX_RESTARTS="0", PET_NPROC_PER_NODE="2") for name in "ab"
    ]
    assert store.wait() == 0, store.output
    assert [agent.wait() for agent in agents] == [0, 0]
    result = store.message["result"]
    assert list(measured(result)) == ["4Ki", "1Mi"]
    assert result == {"backend": "gloo", "ranks": 4}


def test_too_little_bandwidth_fails_the_run(pods: Pods) -> None:
    pod = single(pods, words(pods, least=1e6))
    assert pod.wait() == 1
    message = pod.message
    assert message["status"] == "failed"
    assert message["error"].startswith("RuntimeError: bus bandwidth of at most ")
    assert " GB/s, below the least of 1000000.0 GB/s (4Ki: " in message["error"]
    assert message["restarts"] == 0


def test_a_wrong_sum_fails_the_run_and_names_the_rank(pods: Pods) -> None:
    pods.script(LOSES_A_RANK, "wrong.py")
    pod = single(pods, words(pods, "wrong:main"))
    assert pod.wait() == 1
    assert pod.message["error"] == (
        "RuntimeError: rank 1: a sum over 2 ranks is wrong: expected 3 in 1,024 places, got 2.0 "
        "to 3.0"
    )


def test_nccl_without_a_gpu_says_so(pods: Pods) -> None:
    pod = single(pods, words(pods, backend="nccl"))
    assert pod.wait() == 1
    assert pod.message["error"] == (
        "RuntimeError: nccl: torch finds no GPU in this pod; is the image one for GPUs?"
    )


@pytest.mark.parametrize(
    ("size", "seconds", "ranks", "expected"),
    [
        (10**9, 1.0, 2, 1.0),
        (10**9, 0.5, 4, 3.0),
        (2**30, 0.1, 16, 20.13265920),
        (10**9, 1.0, 1, 0.0),
    ],
)
def test_the_formula(size: int, seconds: float, ranks: int, expected: float) -> None:
    from images.runtime.trainstack_runtime.bandwidth import bus_bandwidth

    assert bus_bandwidth(size, seconds, ranks) == pytest.approx(expected)
