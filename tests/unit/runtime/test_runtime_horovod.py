"""What a Horovod launcher runs, and which workers it finds."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from images.runtime.trainstack_runtime.cli import main
from images.runtime.trainstack_runtime.horovod import Horovod
from images.runtime.trainstack_runtime.hostfile import Host
from images.runtime.trainstack_runtime.settings import SettingsError
from images.runtime.trainstack_runtime.ssh import Ssh

PLAIN = (
    "horovodrun --gloo -np 4 --network-interfaces eth0 --log-level INFO --gloo-timeout-seconds 30 "
    "--ssh-port 2222 --ssh-identity-file /key"
)


def command(hosts: int = 2, /, **said: str) -> str:
    env = {f"TRAINSTACK_HOROVOD_{name}": value for name, value in said.items()}
    words = Horovod.from_env(env).command(
        hosts=[Host(f"worker-{index}", 2) for index in range(hosts)],
        interface="eth0",
        ssh=Ssh(),
        key=Path("/key"),
        discovery=Path("/discover"),
    )
    return " ".join(words)


def test_a_plain_run_has_the_operators_hosts() -> None:
    assert command(NP="4", SLOTS="2") == f"{PLAIN} --hostfile /etc/mpi/hostfile"


def test_an_elastic_run_finds_its_hosts_itself() -> None:
    said = command(
        NP="4",
        SLOTS="2",
        MIN_NP="2",
        MAX_NP="4",
        DISCOVERY_SCRIPT="/etc/mpi/discover_hosts.sh",
        ELASTIC_TIMEOUT="600",
        BLACKLIST_COOLDOWN="1 5",
        RESET_LIMIT="9",
    )
    assert said == (
        f"{PLAIN} --min-np 2 --max-np 4 --slots-per-host 2 --host-discovery-script /discover "
        "--elastic-timeout 600 --reset-limit 9 --blacklist-cooldown-range 1 5"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VERBOSE", "1", "--verbose"),
        ("LOG_LEVEL", "DEBUG", "--log-level DEBUG"),
        ("GLOO_TIMEOUT", "9", "--gloo-timeout-seconds 9"),
    ],
)
def test_what_else_can_be_said(name: str, value: str, words: str) -> None:
    assert words in command(NP="4", **{name: value})


@pytest.mark.parametrize("value", ["", "0", "-1", "two"])
def test_bad_numbers(value: str) -> None:
    with pytest.raises(SettingsError, match="NP: got"):
        command(NP=value)


def test_only_workers_that_answer_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "discover_hosts.sh"
    script.write_text("#!/bin/sh\necho 127.0.0.1\necho nobody.invalid\necho localhost:2\n")
    script.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert main(["discover", "--script", str(script), "--port", port]) == 0
    assert capsys.readouterr().out.splitlines() == ["127.0.0.1", "localhost:2"]


@pytest.mark.parametrize(("hosts", "ranks"), [(1, 2), (2, 4), (3, 6), (4, 6)])
def test_an_elastic_run_begins_with_the_hosts_there_are(hosts: int, ranks: int) -> None:
    said = {"NP": "6", "SLOTS": "2", "MIN_NP": "2", "MAX_NP": "6", "DISCOVERY_SCRIPT": "/d.sh"}
    assert f"horovodrun --gloo -np {ranks} " in command(hosts, **said)
