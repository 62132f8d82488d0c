"""Names and labels of a run; every pod's name fits a DNS label."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from trainstack import ElasticJob, PyTorchJob, TrainstackError
from trainstack.spec.names import LabelValue
from trainstack.spec.program import Program
from trainstack.spec.run import Run, check_length
from trainstack.spec.source import Source, read_source
from trainstack.testing import synth

names = st.from_regex(r"[a-z]([-a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)
LEAST = {"image": "registry.example/a:1", "program": {"module": "m"}}


def pods_of(manifest: dict[str, Any]) -> list[str]:
    """Names as the operator, or the Job controller, gives them."""
    name = manifest["metadata"]["name"]
    roles = manifest["spec"].get("pytorchReplicaSpecs")
    if roles is None:
        return [f"{name}-x7k2p"]
    return [f"{name}-{role.lower()}-{spec['replicas'] - 1}" for role, spec in roles.items()]


@given(
    names,
    st.integers(1, 9999),
    st.none() | st.from_regex("[a-z0-9]{1,20}", fullmatch=True),
    st.integers(1, 999),
    st.booleans(),
)
def test_every_pod_name_is_a_dns_label_or_the_run_is_refused(
    name: str, nodes: int, version: str | None, attempt: int, elastic: bool
) -> None:
    said: dict[str, Any] = {**LEAST, "version": version, "attempt": attempt}
    own: dict[str, Any] = {"nnodes": nodes} if elastic else {"worker": {"replicas": nodes}}
    component = ElasticJob if elastic else PyTorchJob
    try:
        made = synth(lambda: component(name, {**said, **own}))
    except TrainstackError as error:
        assert "characters): at most " in str(error)
        return
    (manifest,) = (r.inputs for r in made.registrations if r.type.startswith("kubernetes:"))
    for pod in pods_of(manifest):
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", pod)


@given(st.integers(1, 63), st.none() | st.integers(1, 25), st.integers(1, 12))
def test_not_a_character_is_given_away(length: int, version: int | None, suffix: int) -> None:
    said = None if version is None else "v" * version
    fits = length + 1 + (8 if version is None else version) + suffix <= 63
    try:
        check_length("x" * length, said, "-" * suffix, "Test 'x'")
    except TrainstackError:
        assert not fits
    else:
        assert fits


@given(st.from_regex("[A-Za-z0-9_.-]{1,100}", fullmatch=True), st.text(min_size=1, max_size=100))
def test_the_stacks_label_is_a_label_value(project: str, stack: str) -> None:
    labels = Run("ElasticJob", "a", "v", project, stack).labels
    for value in labels.values():
        TypeAdapter(LabelValue).validate_python(value)


def test_labels() -> None:
    assert Run("ElasticJob", "digits", "v1", "shop", "org/dev").labels == {
        "trainstack.dev/kind": "ElasticJob",
        "trainstack.dev/run": "digits",
        "trainstack.dev/stack": "shop.org-dev",
        "trainstack.dev/version": "v1",
    }


@pytest.mark.parametrize(
    ("program", "shipped", "command"),
    [
        ({"module": "a.b"}, False, ["--module", "a.b"]),
        ({"script": "/a/b.py"}, False, ["--script", "/a/b.py"]),
        ({"script": "a/b.py"}, True, ["--script", "/etc/trainstack/program/b.py"]),
        ({"script": "./b.py"}, True, ["--script", "/etc/trainstack/program/b.py"]),
    ],
)
def test_programs(program: dict[str, str], shipped: bool, command: list[str]) -> None:
    said = Program.model_validate(program)
    assert (said.shipped, said.command()) == (shipped, command)


def test_a_source_is_read_from_beside_the_program(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("x = '\\d'\n")  # a warning of the compiler is not ours
    assert read_source(Program(script="a/b.py"), tmp_path, "x") == Source("b.py", "x = '\\d'\n")
    assert read_source(Program(script="/a/b.py"), tmp_path, "x") is None
    assert read_source(Program(module="a.b"), tmp_path, "x") is None
    assert read_source(None, tmp_path, "x") is None


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path_factory: Any, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.py").write_bytes(content)
    try:
        source = read_source(Program(script="any.py"), folder, "Test 'x'")
    except TrainstackError as error:
        assert "not valid Python" in str(error)
    else:
        assert source is not None
        assert str(source.content).encode() == content
