"""Programs that run as long as a block, and no longer than the program that started them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

# The kernel ends it with us, also when we are killed; the shell looks whether we were until then.
_WITH_US = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", '[ $PPID = "$0" ] && exec "$@"')


@dataclass
class Processes:
    """Named programs, each with a log in `folder`; the last started is the first to end."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Processor seconds of those that were stopped."""

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self.running)):
            self.stop(name)

    def start(self, name: str, argv: Sequence[object], **env: str) -> None:
        """Start one that is not running, with these additions to our environment."""
        assert name not in self.running, name
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*_WITH_US, str(os.getpid()), *map(str, argv)],
                cwd=self.folder,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self, name: str) -> None:
        """Kill one, and wait until it is gone."""
        process = self.running.pop(name)
        self.ended[name] += _cpu_seconds(process.pid)
        process.kill()
        process.wait()

    def log(self, name: str) -> Path:
        """What one has written."""
        return self.folder / f"{name}.log"

    def check(self) -> None:
        """Raises `AssertionError` with the end of its log when one has ended."""
        for name, process in self.running.items():
            if (code := process.poll()) is not None:
                said = self.log(name).read_text(errors="replace")[-4000:]
                raise AssertionError(f"{name} ended with {code}:\n{said}")

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time that each has used so far, also before it was started anew."""
        return {
            name: self.ended[name] + _cpu_seconds(process.pid)
            for name, process in self.running.items()
        }

    def memory(self) -> dict[str, int]:
        """Bytes of memory that each holds."""
        page = os.sysconf("SC_PAGE_SIZE")
        return {
            name: int(_fields(process.pid)[21]) * page for name, process in self.running.items()
        }


def flags(said: Mapping[str, object]) -> Iterable[str]:
    """As Go's commands take them."""
    return (f"--{name}={value}" for name, value in said.items())


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody has."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _cpu_seconds(pid: int) -> float:
    return sum(map(int, _fields(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    """Of the kernel's line on a process, from its state on; zeros when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50
