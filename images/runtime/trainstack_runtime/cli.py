"""`trainstack-run`: what the pods of a run execute."""

from __future__ import annotations

import argparse
import sys

from . import exitcode
from .agent import Agent
from .discover import answering, listed
from .finished import finish, finished_before
from .horovod import Horovod, launch_horovod
from .log import say
from .message import write_message
from .mpi import Launch, launch_mpi
from .mpi_worker import serve
from .outcome import Failed, Outcome, Success, stopped, unlaunched, unusable
from .program import Program
from .root import StorageRefusalError
from .settings import Mode, Settings, SettingsError
from .store import keep_store
from .termination import Stopped, Termination
from .tfconfig import Task
from .tfjob import take_part


def main(words: list[str] | None = None) -> int:
    """Run a role of a training run and exit with its verdict."""
    options = _parser().parse_args(sys.argv[1:] if words is None else words)
    if options.role == "discover":
        print("\n".join(answering(listed(options.script), options.port)))
        return exitcode.SUCCEEDED
    termination = Termination()
    termination.install()
    try:
        settings = Settings.from_env()
        if options.role == "mpi-worker":
            return serve(settings)
        outcome = _run(options, settings, termination)
    except SettingsError as error:
        say(str(error))
        return exitcode.USAGE
    except Stopped:
        outcome = stopped()
    if isinstance(outcome, Failed) and not outcome.told:
        print(outcome.failure.readable(), file=sys.stderr, flush=True)
    if isinstance(outcome, Failed) and settings.mode is not Mode.ELASTIC:
        outcome = outcome.retryable()
    write_message(settings.message_path, outcome.message())
    return outcome.exit_code


def _run(options: argparse.Namespace, settings: Settings, termination: Termination) -> Outcome:
    try:
        before = finished_before()
    except (PermissionError, StorageRefusalError, ValueError) as error:
        return unusable(f"the checkpoints cannot be read: {error}")
    except OSError as error:
        return unlaunched(f"the checkpoints cannot be read: {error}", exitcode.UNREACHABLE)
    if options.role == "torch":
        agent = Agent(settings, Program.from_options(options), termination)
        return agent.repeat(before) if before else agent.run()
    outcome = before or _outside(options, settings, termination)
    if isinstance(outcome, Success) and not before and options.role != "store":
        finish(outcome)
    return outcome


def _outside(options: argparse.Namespace, settings: Settings, termination: Termination) -> Outcome:
    """Of all roles but torch's."""
    if options.role == "store":
        if settings.endpoint is None:
            raise SettingsError("PET_RDZV_ENDPOINT: missing: it names the store's port")
        return keep_store(settings.endpoint.port)
    program = Program.from_options(options)
    if options.role == "mpi":
        return launch_mpi(Launch.from_env(), settings, program, termination)
    if options.role == "tensorflow":
        return take_part(Task.from_env(), settings, program, termination)
    return launch_horovod(Horovod.from_env(), settings, program, termination)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trainstack-run", description=__doc__)
    roles = parser.add_subparsers(dest="role", required=True)
    torch = roles.add_parser("torch", help="train on this node's ranks")
    Program.add_arguments(torch)
    mpi = roles.add_parser("mpi", help="start the ranks on the workers by mpirun")
    Program.add_arguments(mpi)
    horovod = roles.add_parser("horovod", help="start the ranks on the workers by horovodrun")
    Program.add_arguments(horovod)
    tensorflow = roles.add_parser("tensorflow", help="train on one task of the cluster, or serve")
    Program.add_arguments(tensorflow)
    discover = roles.add_parser("discover", help="list the workers that answer")
    discover.add_argument("--script", required=True, help="the operator's list")
    discover.add_argument("--port", type=int, required=True, help="where they answer")
    roles.add_parser("mpi-worker", help="serve ssh to the launcher")
    roles.add_parser("store", help="host the rendezvous store and take the verdict")
    return parser
