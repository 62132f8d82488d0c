"""The launcher of an MPI job: starts the ranks on the workers, and gives the run's verdict."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import exitcode, mpirun
from .collector import Collector, Rank
from .failure import Failure, first
from .hostfile import Host, read_hosts
from .launched import count, last_words, reached, run
from .outcome import Failed, Outcome, Success, stopped, unlaunched
from .placement import misplaced
from .program import Program
from .rank import COLLECTOR
from .settings import Settings, SettingsError
from .ssh import Ssh
from .termination import Termination

HELLO_SECONDS = 300.0
"""From the launch until every rank has said hello."""


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
            count(env, "TRAINSTACK_MPI_NP"),
            count(env, "TRAINSTACK_MPI_SLOTS", "1"),
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
        address = reached(hosts, ssh.port, settings.join_seconds)
    except TimeoutError as error:
        return unlaunched(f"a worker did not answer in time: {error}", exitcode.UNREACHABLE)
    gate = _Gate(hosts, launch.ranks)
    collector = Collector(gate.admit)
    with tempfile.TemporaryDirectory(prefix="trainstack-mpi-") as folder:
        config = ssh.write_client(Path(folder))
        passed = {COLLECTOR: f"{address}:{collector.port}:{collector.token}"}
        env = {
            **os.environ,
            **mpirun.environment(
                launch.implementation, hostfile=launch.hostfile, ssh_config=config
            ),
            **passed,
        }
        command = mpirun.command(
            launch.implementation,
            hostfile=launch.hostfile,
            ranks=launch.ranks,
            slots=launch.slots,
            address=address,
            passed=passed,
            program=[sys.executable, "-u", "-m", "trainstack_runtime.rank", *program.words()],
        )
        code = run(command, env, collector, settings.saving_seconds, gate.hopeless)
    termination.finish()
    collector.close()
    if code is None:
        return stopped()
    return _verdict(code, collector, gate, time.monotonic() - began)


class _Gate:
    """Lets the ranks begin once all have come and are where they should be."""

    def __init__(self, hosts: Sequence[Host], ranks: int) -> None:
        self._hosts = hosts
        self._nodes = {host.short: node for node, host in enumerate(hosts)}
        self._ranks = ranks
        self._open = threading.Event()
        self._deadline = time.monotonic() + HELLO_SECONDS
        self._came = 0
        self.refused: str | None = None

    def admit(self, ranks: list[Rank]) -> None:
        """Answer all of them when the last one has come."""
        self._came = len(ranks)
        if self._came < self._ranks or self._open.is_set():
            return
        self.refused = misplaced(ranks, self._hosts)
        self._open.set()
        for rank in ranks:
            if self.refused:
                rank.send(refused=self.refused)
            else:
                node = self._nodes[rank.host.partition(".")[0]]
                rank.send(go={"node": node, "nodes": len(self._hosts)})

    def hopeless(self) -> bool:
        """Whether ranks are missing for too long."""
        if self._open.is_set() or time.monotonic() < self._deadline:
            return False
        self.refused = f"only {self._came} ranks came within {HELLO_SECONDS:g} s"
        return True


def _verdict(code: int, collector: Collector, gate: _Gate, seconds: float) -> Outcome:
    if gate.refused:
        return Failed(Failure("placement", exitcode.FAILED, gate.refused))
    last_words(collector)
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
