"""The launcher of a Horovod job: horovodrun, plain or elastic."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import exitcode
from .collector import Collector, Rank
from .failure import first
from .hostfile import Host, read_hosts
from .launched import count, last_words, reached, run
from .network import interface_of
from .outcome import Failed, Outcome, Success, stopped, unlaunched
from .program import Program
from .rank import COLLECTOR
from .settings import Settings, SettingsError
from .ssh import Ssh
from .termination import Termination

HOSTFILE = Path("/etc/mpi/hostfile")


@dataclass(frozen=True)
class Horovod:
    """A horovodrun as the pod's environment describes it."""

    ranks: int
    slots: int = 1
    hostfile: Path = HOSTFILE
    log_level: str = "INFO"
    verbose: bool = False
    gloo_timeout: int = 30
    network_interface: str | None = None
    discovery_script: str | None = None
    min_np: int = 1
    max_np: int = 1
    elastic_timeout: int = 1200
    blacklist_cooldown: tuple[str, ...] = ("1", "60")
    reset_limit: int = 100

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Horovod:
        """Read and check `TRAINSTACK_HOROVOD_*`."""
        said = {
            name.removeprefix("TRAINSTACK_HOROVOD_"): value
            for name, value in env.items()
            if name.startswith("TRAINSTACK_HOROVOD_")
        }
        ranks = count(said, "NP")
        return cls(
            ranks=ranks,
            slots=count(said, "SLOTS", "1"),
            hostfile=Path(env.get("TRAINSTACK_MPI_HOSTFILE", HOSTFILE)),
            log_level=said.get("LOG_LEVEL", "INFO"),
            verbose="VERBOSE" in said,
            gloo_timeout=count(said, "GLOO_TIMEOUT", "30"),
            network_interface=said.get("NETWORK_INTERFACE"),
            discovery_script=said.get("DISCOVERY_SCRIPT"),
            min_np=count(said, "MIN_NP", str(ranks)),
            max_np=count(said, "MAX_NP", str(ranks)),
            elastic_timeout=count(said, "ELASTIC_TIMEOUT", "1200"),
            blacklist_cooldown=tuple(said.get("BLACKLIST_COOLDOWN", "1 60").split()),
            reset_limit=count(said, "RESET_LIMIT", "100"),
        )

    def hosts(self) -> list[Host]:
        """The hosts that the operator knows at the start.

        Raises `SettingsError` when there is no such list.
        """
        try:
            return read_hosts(self.hostfile)
        except (OSError, ValueError) as error:
            raise SettingsError(f"TRAINSTACK_MPI_HOSTFILE: {error}") from None

    def ranks_on(self, hosts: list[Host]) -> int:
        """How many ranks to begin with: an elastic run may have fewer hosts for now."""
        if self.discovery_script is None:
            return self.ranks
        return max(self.min_np, min(self.ranks, len(hosts) * self.slots))

    def command(
        self, *, hosts: list[Host], interface: str, ssh: Ssh, key: Path, discovery: Path
    ) -> list[str]:
        """The launch, without the program."""
        words = [
            *("horovodrun", "--gloo", "-np", str(self.ranks_on(hosts))),
            *("--network-interfaces", interface, "--log-level", self.log_level),
            *("--gloo-timeout-seconds", str(self.gloo_timeout)),
            *("--ssh-port", str(ssh.port), "--ssh-identity-file", str(key)),
            *(["--verbose"] if self.verbose else []),
        ]
        if self.discovery_script is None:
            return [*words, "--hostfile", str(self.hostfile)]
        return [
            *words,
            *("--min-np", str(self.min_np), "--max-np", str(self.max_np)),
            *("--slots-per-host", str(self.slots), "--host-discovery-script", str(discovery)),
            *("--elastic-timeout", str(self.elastic_timeout)),
            *("--reset-limit", str(self.reset_limit)),
            *("--blacklist-cooldown-range", *self.blacklist_cooldown),
        ]


def launch_horovod(
    horovod: Horovod, settings: Settings, program: Program, termination: Termination
) -> Outcome:
    """Run horovodrun to its end, and say how that was."""
    began = time.monotonic()
    ssh, hosts = Ssh.from_env(), horovod.hosts()
    try:
        address = reached(hosts, ssh.port, settings.join_seconds)
    except TimeoutError as error:
        return unlaunched(f"a worker did not answer in time: {error}", exitcode.UNREACHABLE)
    interface = horovod.network_interface or interface_of(address)
    if interface is None:
        raise SettingsError(f"no network interface has the address {address}; name one")
    collector = Collector(_Welcome(hosts))
    with tempfile.TemporaryDirectory(prefix="trainstack-horovod-") as name:
        folder = Path(name)
        ssh.write_client(folder)
        discovery = folder / "discover"
        discovery.write_text(
            f"#!/bin/sh\nexec {sys.executable} -m trainstack_runtime discover "
            f"--script {horovod.discovery_script} --port {ssh.port}\n"
        )
        discovery.chmod(0o700)
        command = horovod.command(
            hosts=hosts, interface=interface, ssh=ssh, key=folder / "id", discovery=discovery
        )
        words = [sys.executable, "-u", "-m", "trainstack_runtime.rank", *program.words()]
        env = {**os.environ, COLLECTOR: f"{address}:{collector.port}:{collector.token}"}
        code = run([*command, *words], env, collector, settings.saving_seconds)
    termination.finish()
    collector.close()
    if code is None:
        return stopped()
    return _verdict(code, collector, time.monotonic() - began)


class _Welcome:
    """Lets every rank begin at once; Horovod itself decides where they run."""

    def __init__(self, hosts: list[Host]) -> None:
        self._nodes = {host.short: node for node, host in enumerate(hosts)}
        self._answered = 0

    def __call__(self, ranks: list[Rank]) -> None:
        for rank in ranks[self._answered :]:
            node = self._nodes.setdefault(rank.host.partition(".")[0], len(self._nodes))
            rank.send(go={"node": node, "nodes": len(self._nodes)})
        self._answered = len(ranks)


def _verdict(code: int, collector: Collector, seconds: float) -> Outcome:
    last_words(collector)
    ranks = collector.ranks
    # Ranks are numbered anew whenever some go or come, so that the last rank 0 may have another
    # number here; it is the one with a result.
    done = sorted(
        (rank for rank in ranks if rank.done),
        key=lambda rank: ((rank.done or {}).get("result") is None, rank.rank),
    )
    if code == 0 and done:
        last = done[0].done or {}
        return Success(
            len(done),
            len({rank.host for rank in done}),
            duration=seconds,
            result=last.get("result"),
            decks=last.get("decks") or [],
        )
    if told := [rank.failure for rank in ranks if rank.failure]:
        cause = first(told)
        return Failed(cause, told=cause.reason in ("exception", "exit"))
    return unlaunched(f"horovodrun ended with exit code {code}", exitcode.BROKEN)
