"""A version that has finished stays finished: nothing is trained when its object is made again."""

from __future__ import annotations

from .log import say
from .outcome import Success
from .run_folder import RunFolder


def finished_before() -> Success | None:
    """How this version ended well, if it has.

    Raises `OSError` when its storage does not answer.
    """
    run = RunFolder.from_env()
    if run is None or (found := run.finished()) is None:
        return None
    say(f"{run.path} has finished: nothing is trained, its result is given again")
    return found


def finish(success: Success) -> None:
    """Remember it, on the node that has rank 0."""
    run = RunFolder.from_env()
    if run is None or not success.rank_zero:
        return
    try:
        run.finish(success)
    except OSError as error:
        say(f"not remembered as finished, it would be trained again: {error}")
