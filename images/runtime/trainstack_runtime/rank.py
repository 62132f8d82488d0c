"""One rank that mpirun or horovodrun started in a worker pod.

python -m trainstack_runtime.rank --script train.py -- ARGUMENTS
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from . import exitcode
from .cpus import threads
from .failure import Failure
from .folder import Slot
from .program import Program
from .stop import asked_to_stop
from .worker import run

COLLECTOR = "TRAINSTACK_COLLECTOR"
"""`host:port:token` of the launcher's collector."""
_NAMES = {
    "RANK": ("HOROVOD_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"),
    "LOCAL_RANK": ("HOROVOD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"),
    "WORLD_SIZE": ("HOROVOD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"),
    "LOCAL_WORLD_SIZE": ("HOROVOD_LOCAL_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"),
}


def torch_names(env: Mapping[str, str]) -> dict[str, str]:
    """Rank and sizes by the names that torch's launcher uses, from those of MPI or Horovod.

    >>> torch_names({"PMI_RANK": "3", "PMI_SIZE": "4"})
    {'RANK': '3', 'WORLD_SIZE': '4'}
    """
    found = {}
    for name, others in _NAMES.items():
        said = next((env[other] for other in others if other in env), None)
        if said is not None:
            found[name] = said
    return found


def main(words: list[str] | None = None) -> int:
    """Say hello to the launcher, run the program when it says go, and tell how it ended."""
    program = Program.from_words(sys.argv[1:] if words is None else words)
    os.environ.update(torch_names(os.environ))
    each = threads(int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    os.environ.setdefault("OMP_NUM_THREADS", str(each))
    host, port, token = os.environ[COLLECTOR].rsplit(":", 2)
    with socket.create_connection((host, int(port)), 60) as link:
        link.settimeout(None)
        heard = link.makefile("r", encoding="utf-8")
        _send(link, token=token, hello=_hello())
        answer = _next(heard)
        if "go" not in answer:
            return 1
        os.environ["GROUP_RANK"] = str(answer["go"]["node"])
        os.environ["GROUP_WORLD_SIZE"] = str(answer["go"]["nodes"])
        threading.Thread(target=_obey, args=(heard,), daemon=True).start()
        with tempfile.TemporaryDirectory(prefix="trainstack-") as folder:
            code = run(program, Path(folder))
            slot = Slot(Path(folder), int(os.environ.get("LOCAL_RANK", "0")))
            if slot.failure is None and not asked_to_stop():
                _send(link, done={"result": slot.result, "decks": slot.decks})
                return code
            failure = slot.failure or Failure("signal", exitcode.STOPPED, "stopped by SIGTERM")
            _send(link, failure=failure.to_dict())
    sys.stdout.flush()
    sys.stderr.flush()
    # MPI's own exit handler would wait for ranks that wait for this one.
    os._exit(code)


def _hello() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "rank": int(os.environ.get("RANK", "0")),
        "local_rank": int(os.environ.get("LOCAL_RANK", "0")),
        "world_size": int(os.environ.get("WORLD_SIZE", "1")),
    }


def _obey(heard: IO[str]) -> None:
    """The launcher's wish to stop is a SIGTERM, as any pod gets it."""
    with contextlib.suppress(OSError, ValueError):
        while message := _next(heard):
            if message.get("stop"):
                os.kill(os.getpid(), signal.SIGTERM)


def _next(heard: IO[str]) -> dict[str, Any]:
    line = heard.readline()
    return dict(json.loads(line)) if line else {}


def _send(link: socket.socket, **message: Any) -> None:
    with contextlib.suppress(OSError):
        link.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
