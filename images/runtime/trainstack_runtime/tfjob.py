"""A pod of a TensorFlow job: it runs the program, or serves the one that does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import exitcode
from .endpoint import PAUSE_SECONDS, Endpoint
from .failure import Failure
from .folder import Slot
from .log import say
from .outcome import Failed, Outcome, Success, unlaunched
from .program import Program
from .settings import Settings
from .store import GATHER_SECONDS, SETTLE_SECONDS
from .termination import Termination, let_save
from .tfconfig import EVALUATOR, Task


def take_part(
    task: Task, settings: Settings, program: Program, termination: Termination
) -> Outcome:
    """Do this task's part, and say how that ended."""
    if task.serves:
        serve(task)
    began = time.monotonic()
    try:
        meet(task, settings.join_seconds)
    except TimeoutError as error:
        return unlaunched(f"another pod did not answer in time: {error}", exitcode.UNREACHABLE)
    with tempfile.TemporaryDirectory(prefix="trainstack-", ignore_cleanup_errors=True) as folder:
        outcome = _run(task, settings, program, termination, Path(folder))
    if isinstance(outcome, Success) and task.rank == 0 and task.nodes > 1:
        # The run has ended when this pod has, and pods that still run then lose their logs.
        time.sleep(SETTLE_SECONDS)
    if isinstance(outcome, Failed) and outcome.failure.lost_peer:
        # The cause lies in another pod, which should be the first to have failed.
        time.sleep(GATHER_SECONDS)
    if isinstance(outcome, Success):
        return outcome.lasting(time.monotonic() - began)
    return outcome


def serve(task: Task) -> None:
    """Be one of the servers that the chief uses, until the pod is ended."""
    os.environ.setdefault("GRPC_FAIL_FAST", "use_caller")
    import tensorflow as tf

    options: Any = tf.compat.v1.ConfigProto()
    if task.type == "worker":
        # Else the chief's calls could take all threads and wait for each other.
        options.inter_op_parallelism_threads = max(os.cpu_count() or 1, task.world_size + 1)
    server = tf.distribute.Server(
        tf.train.ClusterSpec(dict(task.cluster)),
        job_name=task.type,
        task_index=task.index,
        protocol="grpc",
        config=options,
    )
    say(f"{task.type} {task.index} serves the chief at {server.target}")
    # Not `join`, during which Python would not react to SIGTERM.
    while True:
        signal.pause()


def meet(task: Task, seconds: float) -> None:
    """Wait for the pods that this one needs: for their servers, or else for their names.

    Raises `TimeoutError` that names one.
    """
    deadline = time.monotonic() + seconds
    for peer in task.peers:
        endpoint = Endpoint.parse(peer)
        if task.served:
            endpoint.wait(max(0.0, deadline - time.monotonic()))
            continue
        while not _known(endpoint):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{endpoint}: no such host yet")
            time.sleep(PAUSE_SECONDS)


def _known(endpoint: Endpoint) -> bool:
    try:
        return bool(socket.getaddrinfo(endpoint.host, endpoint.port))
    except socket.gaierror:
        return False


def _run(
    task: Task, settings: Settings, program: Program, termination: Termination, folder: Path
) -> Outcome:
    def react() -> None:
        let_save(folder, settings.saving_seconds, groups=True)
        termination.stop()

    termination.react = react
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "trainstack_runtime.worker", str(folder), *program.words()],
        env={"GRPC_FAIL_FAST": "use_caller", **os.environ, **environment(task)},
        start_new_session=True,
    )
    try:
        code = process.wait()
    finally:
        termination.finish()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return _outcome(task, code, Slot(folder, 0))


def environment(task: Task) -> dict[str, str]:
    """What the program finds set."""
    rank, world = str(task.rank), str(task.world_size)
    own = {
        "GROUP_RANK": rank,
        "GROUP_WORLD_SIZE": str(task.nodes),
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "1",
        "RANK": rank,
        "WORLD_SIZE": world,
    }
    return {**own, "TF_CONFIG": task.config()} if task.cluster else own


def _outcome(task: Task, code: int, slot: Slot) -> Outcome:
    failure = slot.failure
    if failure is None and code < 0:
        failure = Failure.from_signal(-code, slot.fault, **slot.place.of_failure())
    elif failure is None and code:
        failure = Failure.from_exit(code, **slot.place.of_failure())
    if failure is not None:
        if task.type == EVALUATOR:
            failure = replace(failure, rank=None, node=None)
        return Failed(failure, told=failure.reason in ("exception", "exit"))
    zero = task.rank == 0
    return Success(
        task.world_size,
        task.nodes,
        result=slot.result if zero else None,
        rank_zero=zero,
        decks=slot.decks if zero else [],
    )
