"""What a training program saves, and what it resumes from."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .folder import Place
from .log import say
from .run_folder import RunFolder
from .settings import Mode, Settings

RESUME = "TRAINSTACK_RESUME_FOLDER"
SAVE = "TRAINSTACK_SAVE_FOLDER"
NOTHING = "nothing"
LAUNCH = "TRAINSTACK_LAUNCH"
"""Variable with a text that is the same on all ranks of a round, and of no other one."""
_LAUNCH = ("TRAINSTACK_COLLECTOR", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT")
"""What tells one launch from another where nobody made such a text."""
_UNIQUE = (LAUNCH, "TRAINSTACK_COLLECTOR")
"""Of these, what no other launch has."""


def resume_folder() -> Path | None:
    """The checkpoint to go on from, for reading only; None to start from nothing.

    The same on every rank: the newest complete one of this version, else of the stopped version
    before it, else of what `Checkpoint(resume_from=…)` names.
    """
    return Path(os.environ[RESUME]) if os.environ.get(RESUME) else None


@contextmanager
def save_folder(step: int, *, sharded: bool = False, rank: int | None = None) -> Iterator[Path]:
    """A new folder to write a checkpoint into, which is complete once the block has ended.

    Rank 0 saves, and what other ranks write is dropped; with `sharded=True` every rank has to
    save its part of the same step. `rank` is for programs that know better than the environment,
    such as elastic Horovod ones. Raises `ValueError` for a job without a checkpoint.

    >>> with save_folder(step=100) as folder:                        # doctest: +SKIP
    ...     torch.save(model.state_dict(), folder / "model.pt")
    """
    run = RunFolder.from_env()
    if run is None:
        raise ValueError("save_folder: there is no storage; give the job a checkpoint")
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise ValueError(f"save_folder: step={step!r}: must be a number of 0 or more")
    place = Place.from_env()
    rank = place.rank if rank is None else rank
    ranks = place.world_size if sharded else 1
    name = f"step-{step:09d}-{_launch() if sharded else _moment()}"
    if rank >= ranks or (sharded and run.marked(name, rank, ranks)):
        with _dropped() as folder:
            yield folder
        return
    path = f"{run.path}/{name}"
    staged = run.root.stage(path)
    try:
        yield staged
    except BaseException:
        if sharded:
            run.root.drop_part(staged)
        else:
            run.root.drop(path, staged)
        raise
    run.root.keep(path, staged)
    run.mark(name, rank, ranks)
    if rank == 0:
        _prune(run, name)


def _prune(run: RunFolder, saved: str) -> None:
    """Storage that refuses to remove what is outdated does not undo a save."""
    try:
        run.prune(saved)
    except OSError as error:
        say(f"outdated checkpoints stay: {error}")


def prepare(place: Place) -> None:
    """Before the program begins on a rank: what it resumes from, and where it may write.

    Raises `ValueError` or `OSError` that says what is wrong with the storage.
    """
    run = RunFolder.from_env()
    if run is None:
        return
    if place.rank == 0:
        _claim(run)
    if own := run.root.lasting(f"{run.path}/files"):
        os.environ[SAVE] = str(own)
    os.environ.pop(RESUME, None)
    if found := _agreed(run, run.resumable() or ""):
        os.environ[RESUME] = str(run.root.fetch(found))
        if place.rank == 0:
            say(f"resumes from {found}")


def _claim(run: RunFolder) -> None:
    try:
        run.claim(_launch() if any(os.environ.get(name) for name in _UNIQUE) else None)
    except PermissionError as error:
        raise PermissionError(
            f"{error}: user {os.geteuid()} cannot write to the checkpoints' volume; "
            "spec.securityContext.fsGroup of pod_overlay may help"
        ) from None


def _agreed(run: RunFolder, found: str) -> str:
    """What the first rank of this launch found.

    Where nodes come and go, a pod that is being removed may complete a checkpoint while the ranks
    of the next launch begin.
    """
    if Settings.from_env().mode is not Mode.ELASTIC:
        return found
    said = run.root.first(f"{run.path}/agreed/{_launch()}", (found or NOTHING).encode()).decode()
    return "" if said == NOTHING else said


@contextmanager
def _dropped() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trainstack-dropped-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _moment() -> str:
    """Sorts by time, and no two saves share it."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(2)}"


def _launch() -> str:
    """The same on all ranks of one launch, which write into one folder."""
    names = (LAUNCH,) if os.environ.get(LAUNCH) else (*_LAUNCH, "WORLD_SIZE")
    said = "\0".join(os.environ.get(name, "") for name in names)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
