"""Names and labels of a run; every pod's name fits a DNS label."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import trainstack as ts
from trainstack import TrainstackError
from trainstack.spec.names import LabelValue
from trainstack.spec.pod import roles
from trainstack.spec.program import Program
from trainstack.spec.run import Run, check_length
from trainstack.spec.source import Source, read_source
from trainstack.testing import synth

names = st.from_regex(r"[a-z]([-a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)
LEAST = {"image": "registry.example/a:1", "program": {"module": "m"}}


Kind = Callable[[str, dict[str, Any]], pulumi.Resource]
Said = tuple[Kind, dict[str, Any]]
counts = st.integers(1, 9999)


@st.composite
def tensorflow(draw: st.DrawFn) -> Said:
    """Every set of roles that somebody trains in."""
    roles = draw(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("worker", "ps", "evaluator"), counts))
    )
    return ts.TFJob, {name: {"replicas": count} for name, count in roles.items()}


jobs: st.SearchStrategy[Said] = st.one_of(
    counts.map(lambda count: (ts.PyTorchJob, {"worker": {"replicas": count}})),
    counts.map(lambda count: (ts.ElasticJob, {"nnodes": count})),
    counts.map(lambda count: (ts.ElasticJob, {"nnodes": f"1:{count}"})),
    counts.map(lambda count: (ts.MPIJob, {"worker": {"replicas": count}})),
    counts.map(lambda count: (ts.HorovodJob, {"worker": {"replicas": count}})),
    counts.map(lambda count: (ts.HorovodJob, {"num_workers": count, "min_np": 1, "size": 1})),
    tensorflow(),
)


def most_replicas(manifest: dict[str, Any], own: dict[str, Any]) -> dict[str, int]:
    """Pods of each role when all that may come are there."""
    replicas = {name.lower(): spec["replicas"] for name, spec in roles(manifest).items()}
    if "size" in own:
        replicas["worker"] = own["num_workers"]
    return replicas


def names_in_the_cluster(manifest: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Of the object, and of the pods, Services and launcher's Job that a controller makes."""
    name = manifest["metadata"]["name"]
    if manifest["kind"] == "Job":
        return [name, f"{name}-x7k2p"]
    pods = [f"{name}-{role}-{count - 1}" for role, count in most_replicas(manifest, own).items()]
    if manifest["kind"] == "MPIJob":
        pods.remove(f"{name}-launcher-0")
        return [name, *pods, f"{name}-launcher"]
    return [name, *pods]


@given(
    names,
    jobs,
    st.none() | st.from_regex("[a-z0-9]{1,20}", fullmatch=True),
    st.integers(1, 999),
)
def test_every_name_is_a_dns_label_or_the_run_is_refused(
    name: str, job: Said, version: str | None, attempt: int
) -> None:
    component, own = job
    said = {**LEAST, "version": version, "attempt": attempt, **own}
    try:
        made = synth(lambda: component(name, said))
    except ts.TrainstackError as error:
        assert "characters): at most " in str(error)
        return
    (manifest,) = (r.inputs for r in made.registrations if r.type.startswith("kubernetes:"))
    for given_name in names_in_the_cluster(manifest, own):
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", given_name)
    for value in manifest["metadata"]["labels"].values():
        TypeAdapter(LabelValue).validate_python(value)


@pytest.mark.parametrize(
    ("component", "own", "most", "suffix"),
    [
        (ts.PyTorchJob, {}, 45, "-worker-0"),
        (ts.PyTorchJob, {"worker": {"replicas": 101}}, 43, "-worker-100"),
        (ts.ElasticJob, {"nnodes": "1:11"}, 44, "-worker-10"),
        (ts.TFJob, {"worker": {"replicas": 2}}, 45, "-worker-1"),
        (ts.TFJob, {"evaluator": {"replicas": 1}}, 42, "-evaluator-0"),
        (ts.MPIJob, {"worker": {"replicas": 2}}, 45, "-launcher"),
        (ts.MPIJob, {"worker": {"replicas": 1000}}, 43, "-worker-999"),
        (ts.HorovodJob, {"worker": {"replicas": 11}, "min_np": 1, "size": 2}, 44, "-worker-10"),
    ],
)
def test_how_long_a_name_may_be(
    component: Kind, own: dict[str, Any], most: int, suffix: str
) -> None:
    assert most + len("-12345678") + len(suffix) == 63
    synth(lambda: component("x" * most, {**LEAST, **own}))
    with pytest.raises(ts.TrainstackError) as caught:
        synth(lambda: component("x" * (most + 1), {**LEAST, **own}))
    assert str(caught.value).endswith(
        f"run_name: got '{'x' * (most + 1)}' ({most + 1} characters): at most {most}, since pods "
        f"are named '<run_name>-<version>{suffix}' within 63 characters"
    )


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
