"""`trainstack status`, `watch`, `logs` and `doctor` as commands, on what a cluster answered."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.replayed_cluster import NAMESPACE, RECORDED, replayed
from trainstack.cli import app

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    with replayed(tmp_path, json.loads(RECORDED.read_text())) as file:
        yield file


class Command:
    """A command on the recorded namespace."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig

    def __call__(self, *words: str, namespace: str = NAMESPACE) -> tuple[int, str, str]:
        where = ("--namespace", namespace, "--kubeconfig", str(self.kubeconfig))
        result = CliRunner().invoke(app, [*words, *where])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    def lines(self, *words: str) -> list[str]:
        code, stdout, _ = self(*words)
        assert code == 0
        return stdout.splitlines()

    def json(self, *words: str) -> Any:
        return json.loads("\n".join(self.lines(*words, "--json")))


@pytest.fixture
def run(kubeconfig: Path) -> Command:
    return Command(kubeconfig)


def test_status(run: Command) -> None:
    lines = run.lines("status")
    assert lines[0].split() == [
        *("RUN", "VERSION", "KIND", "PHASE", "READY", "RESTARTS", "PROGRESS", "ELAPSED")
    ]
    table = [line.split()[:4] for line in lines[1:] if not line.startswith(" ")]
    assert [[name, kind, phase] for name, _, kind, phase in table] == [
        ["digits", "TFJob", "Succeeded"],
        ["large", "PyTorchJob", "Pending"],
        ["tune", "TFJob", "Failed"],
    ]
    assert '    result: {"accuracy": 0.97}' in lines
    assert any(line.endswith("ValueError: lr must be above 0, got -1.0") for line in lines)
    assert any("Insufficient nvidia.com/gpu" in line for line in lines)


@pytest.mark.parametrize("call", ["status", "doctor tune", "doctor large"])
def test_the_page_shows_what_is_printed(run: Command, call: str) -> None:
    shown = PAGE.split(f"$ trainstack {call}\n")[1]
    shown = re.split(r"^(?:\$ |```)", shown, flags=re.MULTILINE)[0]
    printed = run.lines(*call.split())
    for line, said in zip(printed, shown.splitlines(), strict=True):
        begun, cut, _ = said.partition("…")
        assert line.startswith(begun) if cut else line == said


def test_status_as_json(run: Command) -> None:
    [digits] = run.json("status", "digits")["runs"]
    assert (digits["phase"], digits["result"]) == ("Succeeded", {"accuracy": 0.97})
    assert (digits["progress"]["step"], digits["progress"]["total"]) == (20, 20)
    assert set(digits["roles"]) == {"worker"}


def test_watch_ends_with_the_run(run: Command) -> None:
    code, stdout, _ = run("watch", "digits")
    assert code == 0
    assert stdout.count("\n") == 1
    assert "Succeeded, step 20/20, loss 0.05" in stdout
    code, stdout, _ = run("watch", "tune", "--json")
    assert code == 1
    assert json.loads(stdout)["phase"] == "Failed"


def test_logs(run: Command) -> None:
    lines = run.lines("logs", "digits")
    assert sum("rank 0 of 2 trains" in line for line in lines) == 1
    assert sum("rank 1 of 2 trains" in line for line in lines) == 1
    assert {line.split()[0] for line in lines} == {"worker-0", "worker-1"}
    for rank in ("0", "1"):
        of_rank = run.lines("logs", "digits", "--rank", rank)
        assert any(f"rank {rank} of 2 trains" in line for line in of_rank)
        assert all(f"[{rank}]" in line for line in of_rank)


def test_logs_as_json(run: Command) -> None:
    lines = [json.loads(line) for line in run.lines("logs", "digits", "--json")]
    [trains] = [line for line in lines if line["text"] == "rank 1 of 2 trains"]
    assert (trains["role"], trains["container"], trains["rank"]) == ("worker", "tensorflow", 1)
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_doctor(run: Command, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    code, stdout, stderr = run("doctor", "tune", "--output", str(bundle))
    assert code == 0
    assert "1. it failed: " in stdout
    assert "ValueError: lr must be above 0, got -1.0" in stdout
    assert stderr == f"written, without secrets: {bundle}; look through it before you send it\n"
    with tarfile.open(bundle) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"diagnosis.txt", "events.yaml", "job.yaml", "nodes.yaml", "pods.yaml"}


def test_doctor_on_a_run_without_a_node(run: Command) -> None:
    said = run.json("doctor", "large")
    assert (said["kind"], said["phase"]) == ("PyTorchJob", "Pending")
    assert [finding["what"] for finding in said["findings"]] == [
        "large-1-master-0 has no node: cpu is used up by other pods; it asks for 100m",
        "large-1-master-0 has no node: no node offers nvidia.com/gpu, of which it asks for 8",
    ]


def test_doctor_on_a_run_that_is_well(run: Command) -> None:
    assert run.lines("doctor", "digits")[0].endswith("Succeeded; nothing is wrong with it")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("logs", "none"), 1, "no run 'none' here; there are: digits, large, tune"),
        (("status", "none"), 1, "no run 'none' here; there are: digits, large, tune"),
        (
            ("logs", "digits", "--since", "soon"),
            2,
            "--since: got 'soon': must be like 90s, 10m, 2h or 1d, or a time like "
            "2026-01-31T10:00:00Z",
        ),
    ],
)
def test_mistakes(run: Command, words: tuple[str, ...], code: int, message: str) -> None:
    assert run(*words) == (code, "", f"error: {message}\n")


def test_a_namespace_without_runs(run: Command) -> None:
    assert run("status", namespace="empty") == (0, "no runs\n", "")
    assert run("watch", namespace="empty") == (1, "", "error: there are no runs to watch\n")


@pytest.mark.parametrize("command", [("status",), ("watch",), ("logs", "a"), ("doctor", "a")])
def test_no_cluster(run: Command, command: tuple[str, ...], tmp_path: Path) -> None:
    run.kubeconfig = tmp_path / "none"
    code, stdout, stderr = run(*command)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: no cluster: ")


def test_a_cluster_that_is_not_there(run: Command) -> None:
    settings = json.loads(run.kubeconfig.read_text())
    settings["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    run.kubeconfig.write_text(json.dumps(settings))
    code, stdout, stderr = run("status")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: the cluster does not answer: ")
    assert stderr.count("\n") == 1
