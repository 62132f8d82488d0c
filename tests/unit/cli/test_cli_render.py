"""`trainstack render` as a command, on programs in folders."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from trainstack.cli import app
from trainstack.review.yaml_text import to_yaml

JOB = """
import pulumi, pulumi_kubernetes as k8s, trainstack as ts
from neighbour import MODULE

config = pulumi.Config()
print("a line of the program's own")
volume = k8s.core.v1.PersistentVolumeClaim("data", metadata={"namespace": "team"},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}})
job = ts.ElasticJob("digits", {
    "image": config.require("image"), "namespace": "team", "program": {"module": MODULE},
    "mounts": [{"path": "/data", "pvc": volume.metadata["name"]}],
    "hyperparameters": {"lr": config.require_float("lr")}, "version": "08",
    "wait": "finished",
})
pulumi.export("accuracy", job.result["accuracy"])
"""
HIDES = """
k8s.core.v1.Secret("hub", metadata={"namespace": "team"}, string_data={
    "given": config.require_secret("token"), "own": pulumi.Output.secret("hunter2")})
k8s.core.v1.ConfigMap("careless", data={"token": config.require("token")})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "program", JOB)


def write(folder: Path, program: str, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "__main__.py").write_text(textwrap.dedent(program))
    (folder / "neighbour.py").write_text("MODULE = 'pkg.train'\n")
    (folder / "Pulumi.yaml").write_text(
        "name: shop\nruntime: {name: python}\nconfig: {lr: {type: number, default: 0.1}}\n"
    )
    (folder / "Pulumi.dev.yaml").write_text(
        "config:\n  shop:image: registry.example/digits:1\n  shop:token: {secure: AAAB}\n"
    )
    return folder


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["render", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def objects(*words: object) -> list[dict[str, Any]]:
    code, stdout, _ = run(*words)
    assert code == 0
    return list(yaml.safe_load_all(stdout))


def test_manifests_by_kind_and_name(folder: Path) -> None:
    job, claim = objects(folder)
    assert (job["kind"], claim["kind"]) == ("Job", "PersistentVolumeClaim")
    assert job["metadata"]["name"] == "digits-08"
    assert job["metadata"]["labels"]["trainstack.dev/stack"] == "shop.dev"
    assert claim["metadata"] == {"name": "data", "namespace": "team"}
    pod = job["spec"]["template"]["spec"]
    assert {"name": "trainstack-data", "persistentVolumeClaim": {"claimName": "data"}} in [
        {**volume, "name": "trainstack-data"} for volume in pod["volumes"]
    ]
    assert pod["containers"][0]["image"] == "registry.example/digits:1"
    assert "--lr=0.1" in pod["containers"][0]["args"]


def test_twice_is_the_same_and_only_manifests_are_printed(folder: Path) -> None:
    first = run(folder)
    assert first == run(folder)
    assert "a line of the program's own" not in first[1]
    assert "a line of the program's own" in first[2]


def test_configuration_project_and_stack_can_be_said(folder: Path) -> None:
    (folder / "Pulumi.prod.yaml").touch()
    job, _ = objects(
        *[folder, "--project", "other", "--stack", "prod"],
        *["--config", "image=x:2", "--config", "other:lr=1e-3"],
    )
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], "--lr=0.001" in container["args"]) == ("x:2", True)
    assert job["metadata"]["labels"]["trainstack.dev/stack"] == "other.prod"


def test_a_stack_may_be_named_with_its_organization(folder: Path) -> None:
    job, _ = objects(folder, "--stack", "acme/shop/dev")
    assert job["metadata"]["labels"]["trainstack.dev/stack"] == "shop.dev"
    assert objects(folder, "--stack", "dev")[0] == job


def test_a_stack_without_a_file_beside_others_is_told(folder: Path) -> None:
    (folder / "Pulumi.prod.yaml").touch()
    message = "--stack: got 'acme/tset': no Pulumi.tset.yaml; there are: dev, prod"
    assert run(folder, "--stack", "acme/tset") == (1, "", f"error: {message}\n")
    for stack in ("dev", "prod"):
        (folder / f"Pulumi.{stack}.yaml").unlink()
    words = ["--stack", "new", "--config", "image=x:2"]
    assert objects(folder, *words)[0]["metadata"]["labels"]["trainstack.dev/stack"] == "shop.new"


SHOWS = """
import pulumi, pulumi_kubernetes as k8s
k8s.core.v1.ConfigMap("said", data={"value": pulumi.Config().require("value")})
"""


def shows(folder: Path, value: str) -> tuple[int, str, str]:
    write(folder, SHOWS)
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  shop:value: {value}\n")
    return run(folder)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("3", "3"), ("-3", "-3"), ("0.1", "0.1"), ("-2.25", "-2.25"), ("0.001", "0.001")),
        *(("true", "true"), ("False", "false"), ("yes", "yes"), ("No", "No"), ("on", "on")),
        *(("'1e-3'", "1e-3"), ('"1.0"', "1.0"), ("'2026-01-31'", "2026-01-31")),
        *(("1:20", "1:20"), ("1.2.3", "1.2.3"), ("v1", "v1"), ("2a", "2a"), ("e3", "e3")),
        *(("[1, 0.5, a]", '[1,0.5,"a"]'), ("{a: yes}", '{"a":"yes"}'), ("'null'", "null")),
    ],
)
def test_configuration_is_read_as_pulumi_reads_it(folder: Path, value: str, text: str) -> None:
    code, stdout, _ = shows(folder, value)
    assert (code, yaml.safe_load(stdout)["data"]) == (0, {"value": text})


@pytest.mark.parametrize(
    "value",
    [
        *("1e-3", "1.0", "1e3", "1.50", ".5", "1.", "0.00001", "+1", "012", "0x1f", "0o7", "1_000"),
        *("1234567890123456789012", ".inf", "-.INF", ".nan", "2026-01-31", "2026-01-31T08:00:00Z"),
    ],
)
def test_what_pulumi_writes_in_its_own_way_has_to_be_quoted(folder: Path, value: str) -> None:
    message = (
        f"error: shop:value: got {value} without quotes, which pulumi writes in its own way; put "
        f"the text that is meant in quotes, such as '{value}'\n"
    )
    assert shows(folder, value) == (1, "", message)
    assert shows(folder, f"[{{a: {value}}}]") == (1, "", message)
    assert run(folder, "--config", "value=1")[0] == 0


def test_a_text_that_looks_like_a_hidden_secret_is_none(folder: Path) -> None:
    assert shows(folder, "'[secret] [unknown]'")[0] == 0
    assert objects(folder)[0]["data"] == {"value": "[secret] [unknown]"}


def test_json_is_a_list_that_kubectl_takes(folder: Path) -> None:
    code, stdout, _ = run(folder, "--json")
    assert code == 0
    assert json.loads(stdout) == {"apiVersion": "v1", "kind": "List", "items": objects(folder)}


def test_a_folder_has_a_file_an_object_and_none_of_before(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "manifests"
    assert run(folder, "--output", output)[:2] == (0, "")
    (output / "kustomization.yaml").write_text("resources: []\n")
    assert sorted(file.name for file in output.iterdir()) == [
        "job.batch_team_digits-08.yaml",
        "kustomization.yaml",
        "persistentvolumeclaim_team_data.yaml",
    ]
    write(folder, JOB.replace('"08"', '"09"'))
    assert run(folder, "--output", output)[0] == 0
    assert sorted(file.name for file in output.iterdir()) == [
        "job.batch_team_digits-09.yaml",
        "kustomization.yaml",
        "persistentvolumeclaim_team_data.yaml",
    ]
    job = yaml.safe_load((output / "job.batch_team_digits-09.yaml").read_text())
    assert [job] == [one for one in objects(folder) if one["kind"] == "Job"]


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_objects_with_secrets_are_left_out_and_named(folder: Path, how: list[str]) -> None:
    write(folder, JOB + HIDES)
    code, stdout, stderr = run(folder, *how)
    assert code == 0
    assert "kind: Secret" not in stdout and '"Secret"' not in stdout
    assert stderr.splitlines()[1:] == [
        "left out, it holds secrets: ConfigMap careless: data.token",
        "left out, it holds secrets: Secret team/hub: stringData",
    ]
    assert not any(word in stdout + stderr for word in ("hunter", "AAAB"))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            'ts.PyTorchJob("later", {"image": "x:1", "program": {"module": "a"}, '
            '"env": {"ID": volume.id}})',
            "PyTorchJob 'later': metadata.labels.trainstack.dev/version, metadata.name, spec.",
        ),
        (
            'k8s.core.v1.ConfigMap("later", data={"id": volume.id})',
            "ConfigMap 'later': data.id: not known before `pulumi up`; only values that are known "
            "without it can be rendered",
        ),
        (
            'for name in "ab": k8s.core.v1.ConfigMap(name, metadata={"name": "twice"})',
            "two resources make the same object: ConfigMap twice",
        ),
        (
            'ts.ElasticJob("bad", {"image": "x:1", "program": {"module": "a"}, "nnodes": "4:1"})',
            "ElasticJob 'bad': nnodes: got '4:1': must be a number of nodes",
        ),
    ],
)
def test_what_cannot_be_rendered_is_told(folder: Path, program: str, message: str) -> None:
    code, stdout, stderr = run(write(folder, f"{JOB}\n{program}\n"))
    assert (code, stdout) == (1, "")
    assert f"error: {message}" in stderr


def test_a_missing_setting_is_one_sentence(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    assert run(folder)[2].splitlines()[1:] == ["error: shop:image: not set; say --config image=…"]
    write(folder, 'import pulumi\npulumi.Config("other").require("key")\n')
    assert run(folder) == (1, "", "error: other:key: not set; say --config other:key=…\n")
    write(folder, 'import pulumi\nraise pulumi.RunError("no model today")\n')
    assert run(folder) == (1, "", "error: no model today\n")


def test_an_exception_has_the_frames_of_the_program_alone(folder: Path) -> None:
    write(folder, "from neighbour import half\n\nhalf(0)\n")
    (folder / "neighbour.py").write_text("def half(n):\n    return 1 / n\n")
    sys.modules.pop("neighbour", None)
    assert run(folder) == (
        1,
        "",
        f"error: {folder}/__main__.py failed\n"
        "Traceback (most recent call last):\n"
        f'  File "{folder}/__main__.py", line 3, in <module>\n'
        "    half(0)\n"
        f'  File "{folder}/neighbour.py", line 2, in half\n'
        "    return 1 / n\n"
        + ("           ~~^~~\n" if sys.version_info >= (3, 11) else "")
        + "ZeroDivisionError: division by zero\n",
    )
    write(folder, "half(\n")
    assert run(folder)[2].splitlines()[-1] == "SyntaxError: '(' was never closed"


def test_bad_input_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for words, message in (
        ([tmp_path / "gone"], f"{tmp_path}/gone: no such folder"),
        ([empty], f"{empty}: no Pulumi.yaml with a name; say --project"),
        ([empty, "--project", "a"], f"{empty}/__main__.py: no such program"),
        ([folder, "--config", "lr"], "--config: got 'lr': must be KEY=VALUE"),
        ([folder, "--json", "--output", "x"], "--json prints one List; give it or --output"),
    ):
        assert run(*words) == (1, "", f"error: {message}\n")
    (folder / "Pulumi.prod.yaml").touch()
    assert run(folder) == (
        1,
        "",
        f"error: --stack: required: no single Pulumi.<stack>.yaml in {folder} (the stack's name is "
        "part of every version); there are: dev, prod\n",
    )
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    runtime = "runtime: got 'nodejs'; only python programs are run"
    assert run(folder) == (1, "", f"error: {folder}: {runtime}\n")
    (folder / "Pulumi.yaml").write_text("- a\n")
    wrong = "must be a mapping, and `config` in it as well"
    assert run(folder) == (1, "", f"error: {folder}/Pulumi.yaml: {wrong}\n")


AMBIGUOUS = ["1e3", "08", "012", "0x1f", "1_000", "y", "N", "on", "no", "null", "~", ".inf", "+1"]


@pytest.mark.parametrize("value", AMBIGUOUS)
def test_texts_that_other_parsers_take_for_something_else_are_quoted(value: str) -> None:
    assert to_yaml({"data": value}) == f"data: '{value}'\n"


@given(st.dictionaries(st.text(max_size=9), st.text(alphabet="ab\n :#-'\"|1", max_size=30)))
def test_yaml_says_what_was_said(data: dict[str, str]) -> None:
    assert yaml.safe_load(to_yaml({"data": data})) == {"data": data}
