"""History, its diffs and the way back, on real updates that a provider only renders."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NewProgram
from tests.support.command import Said, start_trainstack, trainstack, trainstack_json
from tests.support.pulumi_cli import PulumiProgram
from tests.support.recorded_history import RECORDED, record

PROGRAM = """
import pulumi, trainstack as ts

config = pulumi.Config()
ts.ElasticJob("digits", {"image": "registry.example/digits:1", "program": {"script": "train.py"},
    "namespace": "team", "hyperparameters": {"lr": config.require_float("lr")}})
"""


class Shop:
    """A stack in a git repository, and `trainstack` as a user runs it there."""

    def __init__(self, stack: PulumiProgram) -> None:
        self.stack = stack
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ("git", *who, *words),
            cwd=self.stack.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, title: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", title)
        return self.git("rev-parse", "HEAD")

    def trainstack(self, *words: str) -> Said:
        return trainstack(self.stack, *words)

    def json(self, *words: str) -> Any:
        return trainstack_json(self.stack, *words)

    def runs(self) -> list[str]:
        """Job names after the newest update."""
        newest = self.json("history", "--last", "1")["updates"][0]
        return [run["job_name"] for run in newest["runs"]]


@pytest.fixture
def shop(offline_program: NewProgram, tmp_path: Path) -> Shop:
    rendered = {"kubernetes:renderYamlToDirectory": str(tmp_path / "rendered")}
    stack = offline_program(PROGRAM, project="shop", config={**rendered, "lr": "0.1"})
    stack.write("train.py", "print('hello')\n")
    return Shop(stack)


def three_updates(shop: Shop) -> tuple[str, str]:
    """The commits of the first and the second; the third is of a change without one."""
    first = shop.commit("train")
    shop.stack.up().check()
    shop.stack.configure(lr="0.05")
    second = shop.commit("lower the rate")
    shop.stack.up().check()
    shop.stack.write("train.py", "print('not committed')\n")
    shop.stack.up().check()
    return first, second


@pytest.mark.slow
def test_the_recorded_history_is_the_engine_s(shop: Shop, tmp_path: Path) -> None:
    """What the unit tests read is what the engine writes today."""
    three_updates(shop)
    live = tmp_path / "recorded"
    record(shop.stack, Path(shop.stack.env["PULUMI_BACKEND_URL"].removeprefix("file://")), live)
    files = [file.relative_to(live) for file in sorted(live.rglob("*.json"))]
    assert files == [file.relative_to(RECORDED) for file in sorted(RECORDED.rglob("*.json"))]
    for file in files:
        assert keys((live / file).read_text()) == keys((RECORDED / file).read_text()), file


def keys(text: str) -> Any:
    """A document without texts, of which some differ from time to time."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: of(item) for key, item in sorted(value.items())}
        return [of(item) for item in value] if isinstance(value, list) else type(value).__name__

    return of(json.loads(text))


def test_there_and_back(shop: Shop) -> None:
    first, second = three_updates(shop)

    updates = shop.json("history")["updates"]
    assert [(one["number"], one["commit"]["id"], one["commit"]["dirty"]) for one in updates] == [
        (3, second, True),
        (2, second, False),
        (1, first, False),
    ]
    versions = [one["runs"][0]["version"] for one in updates]
    assert len(set(versions)) == 3
    assert [
        [(change["effect"], change["before"], change["after"]) for change in one["changes"]]
        for one in updates
    ] == [
        [("restarts", versions[1], versions[0])],
        [("restarts", versions[2], versions[1])],
        [("starts", None, versions[2])],
    ]
    [lowered] = updates[1]["changes"]
    assert lowered["fields"] == [{"path": "hyperparameters.lr", "before": "0.1", "after": "0.05"}]
    listed = shop.trainstack("history", "--last", "2").stdout
    assert f"{second[:10]}+  Ada  lower the rate" in listed
    assert "hyperparameters.lr: 0.1 -> 0.05" in listed

    # What was not committed is in no commit.
    said = shop.trainstack("rollback", "3")
    assert said.exit_code == 1
    assert said.stderr == (
        "error: update 3 was made from a tree with files that its commit does not have: "
        f"digits-{versions[0]} (now digits-{versions[1]})\n"
    )

    diff = shop.trainstack("history", "diff", "1", second)
    assert diff.exit_code == 0
    changed = {line for line in diff.stdout.splitlines() if "lr=" in line or "+++" in line}
    assert f"+++ Job.batch team/digits-{versions[1]}" in changed
    assert {line.strip("+-' ") for line in changed if "lr=" in line} == {"lr=0.1", "lr=0.05"}

    plan = shop.json("rollback", "digits-" + versions[2])
    assert (plan["update"], plan["commit"], plan["exit_code"]) == (1, first, None)
    [change] = plan["changes"]
    assert (change["before"], change["after"]) == (versions[0], versions[2])
    assert plan["commands"][0].endswith(f" {first}")
    assert plan["commands"][-1] == "pulumi up --stack dev"

    rolling = start_trainstack(shop.stack, "rollback", "1", "--yes")
    _, stderr = rolling.communicate(timeout=600)
    assert rolling.returncode == 0, stderr
    assert shop.runs() == [f"digits-{versions[2]}"]
    [rolled] = shop.json("history", "--last", "1")["updates"]
    assert (rolled["commit"]["id"], rolled["commit"]["dirty"]) == (first, False)
    # The user's own tree is as it was.
    assert shop.git("rev-parse", "HEAD") == second
    assert (shop.stack.folder / "train.py").read_text() == "print('not committed')\n"
    assert shop.git("worktree", "list").count("\n") == 0
