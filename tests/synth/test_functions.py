"""Functions as programs: what the engine is told, and what a reviewer reads."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pytest

import trainstack as ts
from trainstack.spec.pod import templates
from trainstack.testing import UNKNOWN, Synthesis, synth

COMPONENT = "trainstack:index:ElasticJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
JOB = "kubernetes:batch/v1:Job"
TRAIN = "def main(lr, epochs=3, model=None, **rest):\n    return lr\n"


@pytest.fixture(autouse=True)
def sources(folder: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    (folder / "pkg").mkdir()
    (folder / "pkg/__init__.py").write_text("")
    (folder / "pkg/train.py").write_text("from .model import Net\n\n" + TRAIN)
    (folder / "pkg/model.py").write_text("class Net: ...\n")


def made(function: str, inputs: Any = None, *, preview: bool = False, **said: Any) -> Synthesis:
    """`inputs` may be a function that gives them, since Outputs live in a program."""

    def program() -> None:
        values = inputs() if callable(inputs) else {"lr": 0.1} if inputs is None else inputs
        args = {"program": {"function": function, "inputs": values}, **said}
        ts.ElasticJob("digits", {"image": "registry.example/digits:1", **args})

    return synth(program, preview=preview)


def version(made: Synthesis) -> str:
    return str(made.one(COMPONENT).inputs["version"])


def test_a_reviewer_reads_function_and_inputs() -> None:
    inputs = {"lr": 0.1, "model": {"size": 3, "name": "net"}, "seed": 2**63, "warm": True}
    said = made("train.py:main", inputs).one(COMPONENT).inputs
    assert said["inputs"] == {
        "lr": 0.1,
        "model": {"name": "net", "size": 3},
        "seed": "9223372036854775808",
        "warm": True,
    }
    assert said["program"].startswith("train.py:main (")
    assert "inputs" not in made("pkg.mod:main", {}).one(COMPONENT).inputs


def test_source_and_inputs_are_one_immutable_config_map() -> None:
    result = made("train.py:main", {"lr": 0.1, "seed": 2**63, "text": "$(HOME) $$ é"})
    files, job = result.one(CONFIG_MAP), result.one(JOB)
    assert json.loads(files.inputs["data"]["inputs.json"]) == {
        "lr": 0.1,
        "seed": 2**63,
        "text": "$(HOME) $$ é",
    }
    assert base64.b64decode(files.inputs["binaryData"]["source.tar.bz2"]).startswith(b"BZh")
    assert files.inputs["immutable"] is True
    assert files.options["hideDiffs"] == ["binaryData", "data"]
    name = files.inputs["metadata"]["name"]
    assert name.startswith(f"digits-{version(result)}-program-")
    volumes = job.inputs["spec"]["template"]["spec"]["volumes"]
    assert {"name": "trainstack-program", "configMap": {"name": name}} in volumes


def test_a_function_in_the_image_without_inputs_needs_no_config_map() -> None:
    assert made("pkg.mod:main", {}).of_type(CONFIG_MAP) == []
    assert made("/app/train.py:main", {}).of_type(CONFIG_MAP) == []
    (files,) = made("pkg.mod:main").of_type(CONFIG_MAP)
    assert set(files.inputs) == {"apiVersion", "kind", "metadata", "data", "immutable"}


@pytest.mark.parametrize(
    ("kind", "launcher", "more"),
    [
        ("ElasticJob", "torch", {"nnodes": 2}),
        ("PyTorchJob", "torch", {"worker": {"replicas": 1}}),
        ("MPIJob", "mpi", {"worker": {"replicas": 2}}),
        ("HorovodJob", "horovod", {"worker": {"replicas": 2}}),
    ],
)
def test_every_kind_launches_it_and_mounts_it_where_ranks_run(
    kind: str, launcher: str, more: dict[str, Any]
) -> None:
    program = {"function": "pkg/train.py:main", "inputs": {"lr": 0.1}}
    result = synth(lambda: getattr(ts, kind)("digits", {"image": "a", "program": program, **more}))
    job = next(r for r in result.registrations if r.type.startswith("kubernetes:kubeflow.org"))
    containers = [template["spec"]["containers"][0] for template in templates(job.inputs)]
    launched = [one for one in containers if one["command"][1] == launcher]
    assert launched
    for one in launched:
        assert one["command"][2:] == [
            *["--function", "pkg/train.py:main"],
            *["--source", "/etc/trainstack/program/source.tar.bz2"],
            *["--inputs", "/etc/trainstack/program/inputs.json", "--"],
        ]
    for one in containers:
        mounted = "trainstack-program" in {mount["name"] for mount in one.get("volumeMounts", [])}
        assert mounted == (one["command"] != ["trainstack-run", "store"])


def test_editing_makes_a_new_version_and_touching_does_not(folder: Path) -> None:
    before = version(made("pkg/train.py:main"))
    os.utime(folder / "pkg/model.py", (1, 1))
    (folder / "pkg/notes.txt").write_text("x")
    (folder / "unrelated.py").write_text("x = 1\n")
    assert version(made("pkg/train.py:main")) == before
    (folder / "pkg/model.py").write_text("class Net:\n    size = 4\n")
    edited = version(made("pkg/train.py:main"))
    (folder / "pkg/train.py").write_text(TRAIN)
    assert len({before, edited, version(made("pkg/train.py:main"))}) == 3


def test_inputs_are_part_of_the_version_and_their_order_is_not() -> None:
    one = made("train.py:main", {"lr": 0.1, "model": {"a": 1, "b": 2}})
    same = made("train.py:main", {"model": {"b": 2, "a": 1}, "lr": 0.1})
    assert [r.inputs for r in one.registrations] == [r.inputs for r in same.registrations]
    others = [{"lr": 0.2}, {"lr": 1}, {"lr": 1.0}, {"lr": "1"}, {"lr": True}, {"lr": [1]}]
    found = {version(made("train.py:main", inputs)) for inputs in (None, *others)}
    assert len(found) == len(others) + 1


def test_with_an_explicit_version_the_config_map_still_changes() -> None:
    names = {
        made("train.py:main", {"lr": lr}, version="v1").one(CONFIG_MAP).inputs["metadata"]["name"]
        for lr in (1, 2)
    }
    assert len(names) == 2


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_outputs_at_leaves_are_the_same_as_plain_values(preview: bool) -> None:
    def later() -> dict[str, Any]:
        output = pulumi.Output.from_input
        return {"lr": output(0.1), "model": {"sizes": [output(3.0), 4], "more": output({"a": [1]})}}

    plain = {"lr": 0.1, "model": {"sizes": [3, 4], "more": {"a": [1]}}}
    outputs = made("train.py:main", later, preview=preview).registrations
    expected = made("train.py:main", plain, preview=preview).registrations
    assert [r.inputs for r in outputs] == [r.inputs for r in expected]


def test_an_output_that_is_not_known_yet_makes_the_version_unknown() -> None:
    def unknown() -> dict[str, Any]:
        def future(value: Any) -> asyncio.Future[Any]:
            found: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
            found.set_result(value)
            return found

        return {"lr": pulumi.Output(set(), future(None), future(False), future(False))}

    result = made("train.py:main", unknown, preview=True)
    assert version(result) == UNKNOWN
    assert result.one(CONFIG_MAP).inputs["data"]["inputs.json"] == UNKNOWN


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_secret_is_refused_and_not_told(deep: bool, preview: bool) -> None:
    def inputs() -> dict[str, Any]:
        secret = pulumi.Output.secret("hunter2")
        return {"lr": {"key": [secret]} if deep else secret}

    with pytest.raises(ts.TrainstackError) as caught:
        made("train.py:main", inputs, preview=preview)
    assert str(caught.value) == (
        f"ElasticJob 'digits': program.inputs.lr{'.key[0]' if deep else ''}: a secret Output is "
        "not allowed here; put it into a Kubernetes Secret and name that in `secrets`"
    )


def test_a_bad_value_is_refused_once_it_is_known() -> None:
    with pytest.raises(ts.TrainstackError) as caught:
        made("train.py:main", lambda: {"lr": [pulumi.Output.from_input(float("nan"))]})
    assert str(caught.value) == (
        "ElasticJob 'digits': program.inputs.lr[0]: got nan: must be finite"
    )


LOOP: dict[str, Any] = {}
LOOP["more"] = LOOP
BAD: list[tuple[dict[str, Any], str]] = [
    ({"function": "train.py"}, "program.function: got 'train.py': must be '<path>.py:<function>'"),
    ({"function": "train:"}, "program.function: got 'train:': must be '<path>.py:<function>' or"),
    ({"function": ":main"}, "program.function: got ':main': must be '<path>.py:<function>' or"),
    ({"function": "my-train.py:main"}, "got 'my-train.py:main': must be '<path>.py:<function>'"),
    ({"function": "train.py:a.b"}, "program.function: got 'train.py:a.b': must be"),
    ({"function": "pkg/train:main"}, "program.function: got 'pkg/train:main': must be"),
    ({"function": 3}, "program.function: got 3: must be a text"),
    (
        {"function": "train.py:main", "script": "train.py"},
        "program: give exactly one of script, module and function",
    ),
    ({"function": "none.py:main"}, "program.function: got 'none.py:main': cannot read"),
    (
        {"function": "train.py:mian"},
        "program.function: got 'train.py:mian': train.py: defines no function 'mian' at top level; "
        "it defines: main",
    ),
    (
        {"function": "train.py:main"},
        "program.inputs: got none: main(lr, epochs=3, model=None, **rest) requires 'lr'",
    ),
    ({"function": "strict.py:main", "inputs": {"lr": 1, "x": 2}}, "main(lr) does not take 'x'"),
    ({"function": "broken.py:main"}, "not valid Python: invalid syntax (broken.py, line 1)"),
    ({"function": "alone.py:main"}, "has a relative import, but "),
    ({"function": "beside.py:main"}, "imports 'strict', which lies beside it and is not shipped"),
    ({"module": "a", "inputs": {"lr": 1}}, "program: inputs: only a function has inputs; a script"),
    ({"function": "a:b", "inputs": [1]}, "program.inputs: got [1]: must be a dict"),
    ({"function": "a:b", "inputs": {"1a": 1}}, "program.inputs: got '1a': must be the name of an"),
    (
        {"function": "a:b", "inputs": {"a": {1}}},
        "program.inputs: a: got {1}: must be a",
    ),
    (
        {"function": "a:b", "inputs": {"a": [b"x"]}},
        "inputs: a[0]: got b'x': must be a text",
    ),
    ({"function": "a:b", "inputs": {"a": {1: 2}}}, "program.inputs: a: got 1 as a key: must be a"),
    ({"function": "a:b", "inputs": {"a": float("inf")}}, "program.inputs: a: got inf: must be fin"),
    ({"function": "a:b", "inputs": LOOP}, "more than 50 lists and dicts within each other"),
    (
        {"function": "a:b", "inputs": {"a": "x" * 900_000}},
        "bytes as JSON, above the 900,000 that",
    ),
]


@pytest.mark.parametrize(("program", "message"), BAD)
def test_every_mistake_gets_one_error(folder: Path, program: Any, message: str) -> None:
    (folder / "strict.py").write_text("def main(lr): ...\n")
    (folder / "broken.py").write_text("def main(:\n")
    (folder / "alone.py").write_text("from .model import Net\ndef main(): ...\n")
    (folder / "beside.py").write_text("import strict\ndef main(): ...\n")
    with pytest.raises(ts.TrainstackError) as caught:
        synth(lambda: ts.ElasticJob("digits", {"image": "a", "program": program}), preview=True)
    assert str(caught.value).startswith("ElasticJob 'digits': program")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"hyperparameters": {"lr": 1}}, "hyperparameters: a function is called with program.inp"),
        ({"args": ["--lr=1"]}, "args: a function is called with program.inputs; say it there"),
        ({"master": {"args": ["x"]}}, "master.args: a function is called with program.inputs"),
        ({"command": ["x"]}, "give either program or command, not both"),
        (
            {"mounts": [{"path": "/etc/trainstack/program", "pvc": "a"}]},
            "mounts: '/etc/trainstack/program': '/etc/trainstack/program' holds the program's",
        ),
    ],
)
def test_a_function_has_no_command_line(said: dict[str, Any], message: str) -> None:
    program = {"function": "train.py:main", "inputs": {"lr": 1}}
    with pytest.raises(ts.TrainstackError) as caught:
        synth(lambda: ts.PyTorchJob("mnist", {"image": "a", "program": program, **said}))
    assert str(caught.value).startswith("PyTorchJob 'mnist': ")
    assert message in str(caught.value)
