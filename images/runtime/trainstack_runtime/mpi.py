"""The launcher of an MPI job: starts the ranks on the workers, and gives the run's verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import exitcode, mpirun
from .collector import Collector, Rank
from .endpoint import Endpoint
from .failure import Failure, first
from .hostfile import Host, read_hosts
from .log import say
from .outcome import Failed, Outcome, Success, stopped, unlaunched
from .placement import misplaced
from .program import Program
from .rank import COLLECTOR
from .settings import Settings, SettingsError
from .ssh import Ssh
from .termination import Stopped, Termination

LOOK_EVERY = 0.2
HELLO_SECONDS = 300.0
"""From the launch until every rank has said hello."""
LAST_WORDS_SECONDS = 5.0
"""For what ranks say while the launch command ends."""


@dataclass(frozen=True)
class Launch:
    """An MPI launch as the pod's environment describes it."""

    ranks: int
    slots: int = 1
    implementation: str = "OpenMPI"
    hostfile: Path = Path("/etc/mpi/hostfile")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Launch:
        """Read and check `TRAINSTACK_MPI_*`."""
        implementation = env.get("TRAINSTACK_MPI_IMPLEMENTATION", "OpenMPI")
        if implementation not in mpirun.IMPLEMENTATIONS:
            allowed = ", ".join(mpirun.IMPLEMENTATIONS)
            raise SettingsError(
                f"TRAINSTACK_MPI_IMPLEMENTATION: got {implementation!r}: allowed: {allowed}"
            )
        return cls(
            _count(env, "TRAINSTACK_MPI_NP"),
            _count(env, "TRAINSTACK_MPI_SLOTS", "1"),
            implementation,
            Path(env.get("TRAINSTACK_MPI_HOSTFILE", "/etc/mpi/hostfile")),
        )

    def hosts(self) -> list[Host]:
        """The hosts of the hostfile.

        Raises `SettingsError` when they have not as many slots together as there are ranks.
        """
        try:
            hosts = read_hosts(self.hostfile)
        except (OSError, ValueError) as error:
            raise SettingsError(f"TRAINSTACK_MPI_HOSTFILE: {error}") from None
        slots = sum(host.slots for host in hosts)
        if slots != self.ranks:
            raise SettingsError(
                f"TRAINSTACK_MPI_NP: got {self.ranks}, but {self.hostfile} has {slots} slots"
            )
        return hosts


def launch_mpi(
    launch: Launch, settings: Settings, program: Program, termination: Termination
) -> Outcome:
    """Start the ranks, wait for their end, and say how that was."""
    began = time.monotonic()
    ssh, hosts = Ssh.from_env(), launch.hosts()
    try:
        address = _reached(hosts, ssh.port, settings.join_seconds)
    except TimeoutError as error:
        return unlaunched(f"a worker did not answer in time: {error}", exitcode.UNREACHABLE)
    gate = _Gate(hosts, launch.ranks)
    collector = Collector(gate.admit)
    with tempfile.TemporaryDirectory(prefix="trainstack-mpi-") as folder:
        config = ssh.write_client(Path(folder))
        env = {
            **os.environ,
            **mpirun.environment(
                launch.implementation, hostfile=launch.hostfile, ssh_config=config
            ),
            COLLECTOR: f"{address}:{collector.port}:{collector.token}",
        }
        command = mpirun.command(
            launch.implementation,
            hostfile=launch.hostfile,
            ranks=launch.ranks,
            slots=launch.slots,
            passed=[COLLECTOR],
            program=[sys.executable, "-u", "-m", "trainstack_runtime.rank", *program.words()],
        )
        code = _run(command, env, collector, gate, settings.saving_seconds)
    termination.finish()
    collector.close()
    if code is None:
        return stopped()
    return _verdict(code, collector, gate, time.monotonic() - began)


def _count(env: Mapping[str, str], name: str, default: str = "") -> int:
    text = env.get(name, default)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name}: got {text!r}: must be a number of 1 or more")
    return int(text)


def _reached(hosts: Sequence[Host], port: int, seconds: float) -> str:
    """Wait for every worker's ssh server; gives our own address as they see it."""
    deadline = time.monotonic() + seconds
    say(f"waiting for {len(hosts)} worker(s)")
    own = ""
    for host in hosts:
        own = Endpoint(host.name, port).wait(max(0.0, deadline - time.monotonic()))
    return own


class _Gate:
    """Lets the ranks begin once all have come and are where they should be."""

    def __init__(self, hosts: Sequence[Host], ranks: int) -> None:
        self._hosts = hosts
        self._nodes = {host.short: node for node, host in enumerate(hosts)}
        self._ranks = ranks
        self.open = threading.Event()
        self.refused: str | None = None

    def admit(self, ranks: list[Rank]) -> None:
        """Answer all of them when the last one has come."""
        if len(ranks) < self._ranks or self.open.is_set():
            return
        self.refused = misplaced(ranks, self._hosts)
        self.open.set()
        for rank in ranks:
            if self.refused:
                rank.send(refused=self.refused)
            else:
                node = self._nodes[rank.host.partition(".")[0]]
                rank.send(go={"node": node, "nodes": len(self._hosts)})


def _run(
    command: Sequence[str],
    env: Mapping[str, str],
    collector: Collector,
    gate: _Gate,
    saving_seconds: float,
) -> int | None:
    """The launch command's exit code, or None when SIGTERM ended it."""
    # In a session of its own: what is meant for this pod's first process is not meant for it.
    launched = subprocess.Popen(command, env=dict(env), start_new_session=True)
    deadline = time.monotonic() + HELLO_SECONDS
    try:
        while (code := launched.poll()) is None:
            if not gate.open.is_set() and time.monotonic() > deadline:
                gate.refused = f"only {len(collector.ranks)} ranks came within {HELLO_SECONDS:g} s"
                break
            time.sleep(LOOK_EVERY)
    except Stopped:
        say(f"SIGTERM: asked the ranks to save, waiting up to {saving_seconds:g} s")
        collector.stop()
        _ended(launched, saving_seconds)
        return None
    if code is None:
        _ended(launched, 0)
        return exitcode.BROKEN
    return code


def _ended(launched: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the launch command to end, and make it end after that."""
    for end, patience in ((launched.terminate, seconds), (launched.kill, LAST_WORDS_SECONDS)):
        try:
            launched.wait(patience)
            return
        except subprocess.TimeoutExpired:
            end()
    launched.wait()


def _verdict(code: int, collector: Collector, gate: _Gate, seconds: float) -> Outcome:
    if gate.refused:
        return Failed(Failure("placement", exitcode.FAILED, gate.refused))
    deadline = time.monotonic() + LAST_WORDS_SECONDS
    while not all(rank.gone for rank in collector.ranks) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    ranks = collector.ranks
    if failures := collector.failures():
        cause = first(failures)
        return Failed(cause, told=cause.reason in ("exception", "exit"))
    zero = next((rank for rank in ranks if rank.rank == 0 and rank.done), None)
    if code or zero is None or zero.done is None:
        error = f"the launch command ended with exit code {code}"
        return unlaunched(error, exitcode.BROKEN)
    return Success(
        zero.world_size,
        len({rank.host for rank in ranks}),
        duration=seconds,
        result=zero.done["result"],
        decks=zero.done["decks"],
    )
