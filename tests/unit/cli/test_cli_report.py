"""`trainstack report` as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.previews import RECORDED, recorded
from trainstack.cli import app

CHANGED = str(RECORDED / "changed.json")
FAILED = str(RECORDED / "failed.json")
UNCHANGED = json.dumps({"steps": [], "changeSummary": {"same": 3}})


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["report", *words], input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_file_standard_input_and_output_file_are_the_same(tmp_path: Path) -> None:
    code, printed, stderr = run(CHANGED)
    assert (code, stderr) == (0, "")
    assert printed.startswith("<!-- trainstack-report: default -->\n\n## Training runs: 3 restart")
    assert run(stdin=recorded("changed")) == (0, printed, "")
    assert run("-", stdin=recorded("changed")) == (0, printed, "")
    output = tmp_path / "comment.md"
    assert run(CHANGED, "--output", str(output)) == (0, "", "")
    assert output.read_text() == printed


def test_several_stacks_in_one_comment_each_by_its_name() -> None:
    code, printed, _ = run("--stack", f"prod={CHANGED}", "--stack", "dev=-", stdin=UNCHANGED)
    assert code == 0
    assert printed.index("### `prod`") < printed.index("### `dev`")
    assert run("--id", "nightly", CHANGED)[1].startswith("<!-- trainstack-report: nightly -->\n")


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        ([CHANGED], "", 2),
        ([], UNCHANGED, 0),
        ([FAILED], "", 1),
        (["--stack", f"a={CHANGED}", "--stack", "b=-"], UNCHANGED, 2),
        (["--stack", f"a={CHANGED}", "--stack", f"b={FAILED}"], "", 1),
        (["--json", CHANGED], "", 2),
    ],
)
def test_exit_codes(words: list[str], stdin: str, code: int) -> None:
    assert run("--exit-code", *words, stdin=stdin)[0] == code
    assert run(*words, stdin=stdin)[0] == 0


UNKNOWN_COST = {"per_hour": None, "at_deadline": None}


def test_json() -> None:
    code, printed, _ = run("--json", CHANGED)
    review = json.loads(printed)
    assert code == 0
    assert (review["changed"], review["failed"]) == (True, False)
    assert review["runs"] == {"restarts": 3, "stops": 1, "starts": 1, "changes in place": 1}
    (stack,) = review["stacks"]
    assert stack["gpus"] == {"before": 40, "after": 38}
    assert stack["jobs"][0] == {
        "name": "bert",
        "kind": "PyTorchJob",
        "effect": "restarts",
        "before": {"job_name": "bert-19ac24db", "gpus": 32, "nodes": 4, **UNKNOWN_COST},
        "after": {"job_name": "bert-9b154c81", "gpus": 32, "nodes": 4, **UNKNOWN_COST},
        "fields": [{"path": "hyperparameters.lr", "before": "0.1", "after": "0.05"}],
    }


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (["gone.json"], "", "gone.json: cannot be read: No such file or directory"),
        ([str(RECORDED)], "", f"{RECORDED}: cannot be read: Is a directory"),
        ([], "", "standard input: empty; `pulumi preview --json` writes why to stderr"),
        ([], "no JSON", "standard input: not JSON: Expecting value: line 1 column 1 (char 0)"),
        (
            [],
            '{"version": 3}',
            "standard input: JSON, but not the output of `pulumi preview --json`: it has no steps",
        ),
        (["--stack", "dev"], "", "--stack: got 'dev': must be NAME=FILE"),
        (["--stack", "=f.json"], "", "--stack: got '=f.json': must be NAME=FILE"),
        (
            ["a.json", "--stack", "dev=b.json"],
            "",
            "got the file 'a.json' and --stack; give one of them",
        ),
        (
            ["--id", "a-->b", CHANGED],
            "",
            "--id: got 'a-->b': must be letters and digits with single '.', '_' or '-' between",
        ),
        (
            [CHANGED, "--output", "/nonexistent/comment.md"],
            "",
            "/nonexistent/comment.md: cannot be written: No such file or directory",
        ),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], stdin: str, message: str) -> None:
    assert run(*words, stdin=stdin) == (1, "", f"error: {message}\n")


def test_bytes_are_no_json(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_bytes(b"\xff\xfe\x00")
    assert run(str(file)) == (1, "", f"error: {file}: not JSON: not even UTF-8 text\n")
