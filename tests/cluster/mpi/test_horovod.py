"""What the stacks of HorovodJob do not show: fixed ranks, TensorFlow elastic, and `size`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

import pytest

import images
from devcluster import DevCluster
from tests.conftest import NewProgram
from tests.support.horovod import LAUNCHER, lose_a_worker, recovery
from tests.support.kube import Kube
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.HorovodJob("digits", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"function": "digits.py:train", "inputs": {{"epochs": {epochs}}}}},
    "worker": {{"replicas": 2, "requests": {{"cpu": "200m", "memory": "1Gi"}}}},
    "launcher": {{"requests": {{"cpu": "50m", "memory": "768Mi"}}}},
    "wait": "finished",
    "timeout": 900,
    {fields}
}})
pulumi.export("result", job.result)
"""
TORCH = '''
import horovod.torch as hvd
import torch
from sklearn.datasets import load_digits
from torch import nn


def train(epochs: int) -> dict:
    """The accuracy, and whether all ranks have the same weights."""
    hvd.init()
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16, dtype=torch.float32)
    labels = torch.tensor(labels, dtype=torch.long)
    mine = range(200 + hvd.rank(), 1736 + hvd.rank(), hvd.size())
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = hvd.DistributedOptimizer(
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        named_parameters=model.named_parameters(),
    )
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    hvd.broadcast_optimizer_state(optimizer, root_rank=0)
    for _ in range(epochs):
        for batch in torch.tensor(mine).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    weights = torch.cat([weight.flatten() for weight in model.parameters()])
    everywhere = hvd.allgather(weights.unsqueeze(0))
    right = (model(images[:200]).argmax(1) == labels[:200]).float().mean().item()
    return {
        "accuracy": right,
        "ranks": hvd.size(),
        "same": bool((everywhere == everywhere[0]).all()),
    }
'''
TENSORFLOW = '''
from time import sleep, time

import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from trainstack_runtime import progress, result


def train(epochs: int) -> None:
    """Tells the accuracy, and how many ranks there were from when."""
    hvd.init()
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16).astype("float32")
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(128, "relu", input_shape=(64,)), tf.keras.layers.Dense(10)]
    )
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(model.trainable_variables)
    entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    state = hvd.elastic.TensorFlowKerasState(model, optimizer, epoch=0)
    worlds = []

    @tf.function
    def learn(images, labels):
        with tf.GradientTape() as tape:
            loss = entropy(labels, model(images, training=True))
        gradients = hvd.DistributedGradientTape(tape).gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    @hvd.elastic.run
    def go_on(state):
        worlds.append((hvd.size(), time()))
        while state.epoch < epochs:
            for first in range(200, 1672, 64):
                mine = slice(first + hvd.rank(), first + 64, hvd.size())
                learn(images[mine], labels[mine])
            state.epoch += 1
            state.commit()
            progress(step=state.epoch, total=epochs, ranks=hvd.size())
            if hvd.size() == 1:
                sleep(0.5)  # leaves work for the one that comes back

    go_on(state)
    right = np.argmax(model(images[:200]), 1) == labels[:200]
    result(accuracy=float(right.mean()), worlds=worlds)
'''
SIZED = """
import pulumi
import trainstack as ts

config = pulumi.Config()
ts.HorovodJob("sums", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "program": {{"function": "sums.py:train", "inputs": {{"until": {until}}}}},
    "worker": {{"replicas": 2, "requests": {{"cpu": "200m", "memory": "1Gi"}}}},
    "launcher": {{"requests": {{"cpu": "50m", "memory": "768Mi"}}}},
    "min_np": 1,
    "size": {size},
}})
"""
SUMS = '''
from time import sleep, time

import horovod.torch as hvd
import torch

from trainstack_runtime import progress


def train(until: float) -> None:
    """Adds up a one of each rank, until the first of them is told that it is late."""
    hvd.init()

    @hvd.elastic.run
    def go_on(state):
        late = 0
        while not late:
            here = torch.tensor([1.0, float(time() > until)])
            ranks, late = hvd.allreduce(here, op=hvd.Sum).int().tolist()
            state.step += 1
            progress(step=state.step, ranks=ranks)
            state.commit()
            sleep(0.2)

    go_on(hvd.elastic.TorchState(step=0))
'''

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mpi_operator")]


@pytest.fixture
def job(program: NewProgram, cluster: DevCluster, namespace: str) -> Callable[..., PulumiProgram]:
    """Makes a stack of one job on two workers."""

    def new(name: str, function: str, epochs: int, **fields: object) -> PulumiProgram:
        image = images.ensure(name)
        cluster.load_image(image.tar)
        said = ", ".join(f'"{key}": {value!r}' for key, value in fields.items())
        made = program(
            SOURCE.format(epochs=epochs, fields=said),
            config={"image": image.tag, "namespace": namespace},
        )
        made.write("digits.py", function)
        return made

    return new


def test_torch_on_a_fixed_set_of_ranks(job: Callable[..., PulumiProgram]) -> None:
    digits = job("horovod", TORCH, epochs=10)
    digits.up().check()
    result = digits.outputs()["result"]
    assert result["accuracy"] > 0.8
    assert (result["ranks"], result["same"]) == (2, True)
    digits.destroy().check()


def test_tensorflow_goes_on_without_a_deleted_worker_and_takes_it_back(
    job: Callable[..., PulumiProgram],
    kube: Kube,
    namespace: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    digits = job("horovod-tensorflow", TENSORFLOW, epochs=300, min_np=1)
    process = digits.start("up", "--yes", "--skip-preview")
    lost = lose_a_worker(kube, namespace)
    process.wait(600).check()
    result = digits.outputs()["result"]
    assert result["accuracy"] > 0.8
    with capsys.disabled():
        print(f"\nhorovod with tensorflow: {recovery(result['worlds'], lost)}", end=" ")
    digits.destroy().check()


def test_ranks_come_and_go_with_the_size(
    program: NewProgram, cluster: DevCluster, kube: Kube, namespace: str
) -> None:
    image = images.ensure("horovod")
    cluster.load_image(image.tar)
    until = time.time() + 600
    stack = program(
        SIZED.format(until=until, size=1), config={"image": image.tag, "namespace": namespace}
    )
    stack.write("sums.py", SUMS)

    def trains_with(ranks: int) -> bool:
        pods = kube.pods(namespace, LAUNCHER)
        log = "".join(kube.logs(namespace, pod["metadata"]["name"]) for pod in pods)
        return re.findall(r'"ranks": (\d+)', log)[-5:] == [str(ranks)] * 5

    stack.up().check()
    kube.wait(partial(trains_with, 1), "training on one rank", 180)
    before = [pod["metadata"]["uid"] for pod in kube.pods(namespace)]
    for size in (2, 1):
        stack.use(SIZED.format(until=until, size=size)).up().check()
        kube.wait(partial(trains_with, size), f"training on {size} ranks", 180)
    kube.wait(lambda: len(kube.pods(namespace)) == 2, "end of the other worker", 60)
    after = kube.pods(namespace)
    assert [pod["metadata"]["uid"] for pod in after] == before
    counts = [
        status["restartCount"] for pod in after for status in pod["status"]["containerStatuses"]
    ]
    assert counts == [0, 0]
    stack.destroy().check()
