"""`trainstack report` on what the real engine plans; the provider renders instead of applying."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import NewProgram
from tests.support.previews import RECORDED, recorded, slim
from tests.support.pulumi_cli import PulumiProgram
from trainstack.cli import app
from trainstack.review.preview import read_preview
from trainstack.review.reading import stack_change

BEFORE = """
import pulumi, pulumi_kubernetes as k8s, trainstack as ts

least = {"image": "registry.example/vision:1", "program": {"module": "pkg.train"}}
gpus = {"cpu": 8, "memory": "64Gi", "gpu": 8}
ts.PyTorchJob("bert", {**least, "worker": {"replicas": 3}, "resources": gpus,
    "hyperparameters": {"lr": 0.1, "epochs": 3}})
ts.ElasticJob("digits", {**least, "nnodes": "1:4", "resources": {"gpu": 1},
    "labels": {"team": "vision"}})
ts.MPIJob("reduce", {**least, "worker": {"replicas": 2},
    "secrets": {"TOKEN": {"name": "hub", "key": "token"}}})
ts.ElasticJob("same", {**least, "resources": {"gpu": 2}})
ts.ElasticJob("script", {**least, "program": {"script": "train.py"}})
k8s.core.v1.ConfigMap("settings", metadata={"name": "settings"}, data={"a": "1"})
ts.ElasticJob("old", {**least, "resources": {"gpu": 4}})
"""
AFTER = (
    BEFORE.replace('"lr": 0.1', '"lr": 0.05')
    .replace('"team": "vision"', '"team": "speech"')
    .replace('"key": "token"', '"key": "new"')
    .replace('"a": "1"', '"a": "2"')
    .replace(
        'ts.ElasticJob("old", {**least, "resources": {"gpu": 4}})',
        'ts.ElasticJob("fresh", {**least, "nnodes": 2, "resources": {"gpu": 1}})',
    )
)
UNKNOWN = """
made = k8s.core.v1.ConfigMap("made", metadata={"name": "made"}, data={
    "password": pulumi.Output.secret("hunter2")})
ts.ElasticJob("later", {**least, "env": {"ID": made.id}})
"""
FAILS = 'ts.ElasticJob("bad", {**least, "nnodes": "4:1"})\n'


@pytest.fixture
def stack(offline_program: NewProgram, tmp_path: Path) -> PulumiProgram:
    """A stack that is up, as far as a provider without a cluster goes."""
    rendered = {"kubernetes:renderYamlToDirectory": str(tmp_path / "rendered")}
    stack = offline_program(BEFORE, config=rendered)
    stack.write("train.py", "print('hello')\n")
    stack.up().check()
    stack.write("train.py", "print('hello again')\n")
    return stack


@pytest.mark.slow
def test_the_recorded_previews_are_the_engine_s(stack: PulumiProgram) -> None:
    """What the unit tests read is what the engine writes today."""
    streamed = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
    for name, program, env in (
        ("changed", AFTER, {}),
        ("streamed", AFTER, streamed),
        ("unknown", AFTER + UNKNOWN, {}),
        ("failed", AFTER + FAILS, {}),
        ("failed-streamed", AFTER + FAILS, streamed),
        ("raised", AFTER + "raise KeyError('x')\n", {}),
    ):
        stack.env = {**stack.env, "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "false", **env}
        printed = stack.use(program).preview(json=True).stdout
        assert "hunter2" not in printed
        (stack.folder / f"{name}.json").write_text(slim(printed))
        live, known = (stack_change(read_preview(text, name)) for text in (printed, recorded(name)))
        if name == "raised":  # its traceback names this test's folder
            assert (live.failed, live.jobs) == (known.failed, known.jobs)
        else:
            assert live == known


def test_right_after_up_nothing_happens(stack: PulumiProgram, tmp_path: Path) -> None:
    stack.write("train.py", "print('hello')\n")
    printed = stack.preview("--show-sames", json=True).check().stdout
    result = CliRunner().invoke(app, ["report", "--exit-code"], input=printed)
    assert result.exit_code == 0
    assert "## Training runs: 6 unchanged" in result.stdout


def test_a_first_preview_starts_all_runs(offline_program: NewProgram) -> None:
    stack = offline_program(BEFORE)
    stack.write("train.py", "print('hello')\n")
    result = CliRunner().invoke(
        app, ["report", "--exit-code"], input=stack.preview(json=True).check().stdout
    )
    assert result.exit_code == 2
    assert "## Training runs: 6 start" in result.stdout
    assert "GPUs of all runs of the stack | 0 → 42 |" in result.stdout


def test_fixtures_are_there() -> None:
    assert {file.stem for file in RECORDED.glob("*.json")} == {
        *["changed", "failed", "failed-streamed", "raised", "streamed", "unknown"]
    }
