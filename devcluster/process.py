"""Processes that go on when the program that started them has ended."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .state import boot_id, write_atomically

# Joins its control group and leaves the caller's folder before it becomes the program.
ENTER = 'echo 0 > "$1" && cd / && shift && exec "$@"'


@dataclass(frozen=True)
class Record:
    """Identifies one process for ever: its number alone may be another's tomorrow."""

    pid: int
    started: int
    boot: str
    fingerprint: str = ""

    @classmethod
    def of(cls, pid: int, fingerprint: str = "") -> Record:
        """The record of a process that runs."""
        return cls(pid, _start_time(pid) or 0, boot_id(), fingerprint)

    @classmethod
    def load(cls, path: Path) -> Record | None:
        """The record in a file, if there is one that can be read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write the record."""
        write_atomically(path, json.dumps(asdict(self)) + "\n")

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs."""
        return self.boot == boot_id() and _start_time(self.pid) == self.started

    @property
    def since(self) -> float:
        """When it was started, in seconds since the epoch."""
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - uptime + self.started / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> int:
        """Bytes of memory it holds; 0 when it has ended."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0
        sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(sizes[0]) * 1024 if sizes else 0

    def stop(self, timeout: float = 3) -> None:
        """Ask it to end, and kill it when it does not."""
        for number, seconds in ((signal.SIGTERM, timeout), (signal.SIGKILL, timeout)):
            self._signal(number)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                time.sleep(0.02)

    def _signal(self, number: signal.Signals) -> None:
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)


def start(
    argv: Sequence[str],
    env: Mapping[str, str],
    group: Path,
    logger: Sequence[str],
    fingerprint: str = "",
) -> tuple[Record, Record]:
    """Start a program and its logger, each in a session of its own; gives both."""
    read, write = os.pipe()
    try:
        listener = Record.of(_spawn(logger, env, group, ((read, 0),)))
        program = Record.of(_spawn(argv, env, group, ((write, 1), (write, 2))), fingerprint)
    finally:
        os.close(read)
        os.close(write)
    return program, listener


def _spawn(
    argv: Sequence[str], env: Mapping[str, str], group: Path, plumbing: Sequence[tuple[int, int]]
) -> int:
    null = ((os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2))
    pipes = ((os.POSIX_SPAWN_DUP2, source, target) for source, target in plumbing)
    return os.posix_spawn(
        "/bin/sh",
        ["/bin/sh", "-c", ENTER, "sh", str(group / "cgroup.procs"), *argv],
        env,
        file_actions=[*null, *pipes, *((os.POSIX_SPAWN_CLOSE, number) for number in _inherited())],
        setsid=True,
    )


def _inherited() -> list[int]:
    """What our caller left open for its children: a lock, say, that a daemon would hold on to."""
    numbers = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    found = []
    for number in numbers:
        with suppress(OSError):  # The listing's own is closed by now.
            if number > 2 and os.get_inheritable(number):
                found.append(number)
    return found


def _start_time(pid: int) -> int | None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # Ours to reap when `up` and `down` run in one program.
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
