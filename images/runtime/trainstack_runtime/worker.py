"""One process of the training: runs the program and tells how it ended.

python -m trainstack_runtime.worker <folder> --script train.py -- ARGUMENTS
"""

from __future__ import annotations

import atexit
import faulthandler
import logging
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from .checkpoints import prepare
from .decks import decks
from .failure import Failure
from .folder import Place, Slot
from .patience import limit_waiting
from .program import Program
from .rank_log import kept
from .report import reported

INTERRUPTED = 130


def run(program: Program, folder: Path) -> int:
    """Run the program in this process; gives the exit code to end with."""
    place = Place.from_env()
    slot = Slot(folder, place.local_rank)
    slot.begin(place)
    with kept(place), slot.path("fault").open("w") as fault:
        faulthandler.enable(fault)
        failure = _failure_of(program, place)
        faulthandler.enable()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if failure is None:
        slot.finish(reported(), decks())
        return 0
    slot.fail(failure)
    return failure.exit_code


def forked(program: Program, folder: str) -> None:
    """Run it in a process that was forked from the launcher, as if it had been started afresh."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    multiprocessing.set_start_method(None, force=True)
    multiprocessing.current_process().name = "MainProcess"
    atexit._clear()
    atexit.register(logging.shutdown)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through=True)  # type: ignore[union-attr]
    code = run(program, Path(folder))
    atexit._run_exitfuncs()
    Slot(Path(folder), Place.from_env().local_rank).end()
    if code:
        sys.exit(code)


def _failure_of(program: Program, place: Place) -> Failure | None:
    where = place.of_failure()
    try:
        prepare(place)
        program.run()
    except SystemExit as end:
        if end.code is None or end.code == 0:
            return None
        failure = Failure.from_exit(end.code, **where)
        _say(failure.error)
    except KeyboardInterrupt:
        return Failure("signal", INTERRUPTED, "interrupted", **where)
    except BaseException as error:
        failure = Failure.from_exception(error, **where)
        sys.excepthook(type(error), error, error.__traceback__)
        _say(failure.summary())
    else:
        return None
    return failure


def _say(text: str, stream: TextIO | None = None) -> None:
    print(f"trainstack: {text}", file=stream or sys.stderr, flush=True)


def main() -> int:
    """Entry point of a process that was started afresh."""
    folder, *words = sys.argv[1:]
    if limit := os.environ.get("TRAINSTACK_PG_TIMEOUT"):
        limit_waiting(float(limit))
    return run(Program.from_words(words), Path(folder))


if __name__ == "__main__":
    sys.exit(main())
