"""The launch on one node, through torch's elastic API."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import exitcode
from .failure import Failure, first
from .folder import slots
from .numa import binding
from .outcome import Failed, Outcome, Success, stopped, unlaunched
from .program import Program
from .settings import Mode, Settings
from .termination import Termination, let_save
from .worker import forked

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

QUIET = "torch.distributed.elastic"


def launch(
    settings: Settings, program: Program, folder: Path, local_addr: str, termination: Termination
) -> Outcome:
    """Run the program on this node's ranks until it ends for good."""
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import elastic_launch

    from .torch_agent import watchful

    spawns = settings.start_method == "spawn"
    entry, args = _entry(program, folder, spawns)
    try:
        with watchful(folder, elastic=settings.mode is Mode.ELASTIC) as announce:

            def react() -> None:
                threading.Thread(target=announce, daemon=True).start()
                let_save(folder, settings.saving_seconds, groups=spawns)
                raise SignalException("SIGTERM", signal.SIGTERM)

            termination.react = react
            elastic_launch(_config(settings, folder, local_addr), entry)(*args)
    except ChildFailedError as error:
        cause = _cause(error, folder)
        return Failed(cause, told=cause.reason in ("exception", "exit"))
    except SignalException as error:
        return _signalled(error.sigval)
    except Exception as error:
        return _broken(error)
    finally:
        termination.finish()
    return _succeeded(folder)


def _entry(
    program: Program, folder: Path, spawns: bool
) -> tuple[Callable[..., object] | str, list[Any]]:
    """A fresh interpreter to spawn, or a function to fork."""
    if not spawns:
        return forked, [program, str(folder)]
    words = ["-u", "-m", "trainstack_runtime.worker", str(folder), *program.words()]
    return sys.executable, [word.replace("$", "$$") for word in words]


def _config(settings: Settings, folder: Path, local_addr: str) -> Any:
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
    from torch.distributed.launcher.api import LaunchConfig

    backend, endpoint, rdzv = _meeting(settings)
    return LaunchConfig(
        min_nodes=settings.min_nodes,
        max_nodes=settings.max_nodes,
        nproc_per_node=settings.processes(),
        run_id=settings.run_id,
        role="trainstack",
        rdzv_backend=backend,
        rdzv_endpoint=endpoint,
        rdzv_configs=rdzv,
        max_restarts=settings.max_restarts,
        monitor_interval=settings.monitor_interval,
        start_method=settings.start_method,
        local_addr=local_addr,
        logs_specs=DefaultLogsSpecs(log_dir=str(folder / "torch")),
        numa_options=binding(settings.processes()),
        signals_to_handle="SIGINT,SIGHUP,SIGQUIT",
    )


def _meeting(settings: Settings) -> tuple[str, str, dict[str, Any]]:
    """Backend, endpoint and its settings."""
    rdzv: dict[str, Any] = dict(settings.rdzv)
    if settings.mode is Mode.ELASTIC:
        return settings.backend, str(settings.endpoint), rdzv
    if settings.mode is Mode.SINGLE:
        return "c10d", "localhost:0", {**rdzv, "is_host": "1"}
    timeout = int(settings.join_seconds)
    return "static", str(settings.master), {"rank": settings.node_rank, "timeout": timeout}


def _succeeded(folder: Path) -> Outcome:
    done = slots(folder)
    if not done:
        return unlaunched("no rank was started on this node", exitcode.BROKEN)
    place = done[0].place
    zero = next((slot for slot in done if slot.place.rank == 0), None)
    return Success(
        place.world_size,
        place.nodes,
        place.restarts,
        result=zero.result if zero else None,
        rank_zero=zero is not None,
        decks=zero.decks if zero else [],
    )


def _cause(error: ChildFailedError, folder: Path) -> Failure:
    """Of what the processes told and what torch saw of those that could not."""
    found = {slot.local_rank: slot for slot in slots(folder)}
    failures = [failure for slot in found.values() if (failure := slot.failure)]
    told = {slot.local_rank for slot in found.values() if slot.failure}
    for rank, seen in error.failures.items():
        if seen.local_rank in told:
            continue
        slot = found.get(seen.local_rank)
        where = slot.place.of_failure() if slot else {"rank": rank}
        if seen.exitcode < 0:
            fault = slot.fault if slot else ""
            failures.append(
                Failure.from_signal(-seen.exitcode, fault, at=float(seen.timestamp), **where)
            )
        else:
            failures.append(Failure.from_exit(seen.exitcode, **where))
    return first(failures)


def _signalled(number: signal.Signals) -> Outcome:
    if number == signal.SIGTERM:
        return stopped()
    code = 128 + number
    return Failed(Failure("signal", code, f"stopped by {number.name}"), code, "stopped")


def _broken(error: Exception) -> Outcome:
    """Trouble that is not the program's."""
    from torch.distributed import DistNetworkError, DistStoreError
    from torch.distributed.elastic import rendezvous

    gone = (rendezvous.RendezvousConnectionError, DistNetworkError, DistStoreError)
    if isinstance(error, gone):
        return unlaunched(f"the rendezvous store is gone: {_why(error)}", exitcode.UNREACHABLE)
    if isinstance(error, rendezvous.RendezvousClosedError):
        return unlaunched("the rendezvous was closed by another node", exitcode.CLOSED)
    if isinstance(error, rendezvous.RendezvousTimeoutError):
        return unlaunched(f"too few nodes joined in time: {_why(error)}", exitcode.TIMED_OUT)
    traceback.print_exception(error)
    return unlaunched(f"{type(error).__name__}: {error}", exitcode.BROKEN)


def _why(error: BaseException) -> str:
    cause = error.__cause__
    return (str(cause) if cause else str(error)).strip().partition("\n")[0] or type(error).__name__


def load() -> None:
    """Import torch's launcher, and keep it from repeating in its words what we say in ours."""
    if "LOGLEVEL" in os.environ:
        import torch.distributed.launcher.api

        return
    os.environ["LOGLEVEL"] = "CRITICAL"
    import torch.distributed.launcher.api  # noqa: F401

    del os.environ["LOGLEVEL"]
    logging.getLogger(QUIET).setLevel(logging.CRITICAL)
