from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from devcluster.toolchain import TOOLS, Tool, ToolchainError
from devcluster.toolchain import key as keys
from devcluster.toolchain.golang import Go
from devcluster.toolchain.table import select

GO = Go(Path("go"), (1, 26), "linux/amd64")
BY_NAME = {tool.name: tool for tool in TOOLS}


def go_mod(tool: Tool) -> str:
    return (keys.SOURCES / tool.name / "go.mod").read_text()


def test_every_tool_has_a_folder_and_every_folder_a_tool() -> None:
    folders = {path.name for path in keys.SOURCES.iterdir() if (path / "go.mod").is_file()}
    assert folders == set(BY_NAME)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_module_is_named_after_its_folder(tool: Tool) -> None:
    assert go_mod(tool).splitlines()[0] == f"module trainstack.dev/devcluster/tools/{tool.name}"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_foreign_packages_are_tool_directives(tool: Tool) -> None:
    directives = set(re.findall(r"^(?:tool |\t)([\w./-]+)$", go_mod(tool), re.MULTILINE))
    foreign = {p.path for p in tool.packages if not p.path.startswith("trainstack.dev/")}
    assert directives == foreign
    assert bool(foreign) != (keys.SOURCES / tool.name / "main.go").is_file()


@pytest.mark.parametrize(
    ("name", "module", "version"),
    [
        ("pulumi", "github.com/pulumi/pulumi/pkg/v3", "v3.250.0"),
        ("pulumi", "github.com/pulumi/pulumi/sdk/v3", "v3.250.0"),
        ("pulumi-language-python", "github.com/pulumi/pulumi/sdk/v3", "v3.70.0"),
        ("pulumi-resource-kubernetes", "github.com/pulumi/pulumi-kubernetes/sdk/v4", "v4.27.0"),
        ("kubernetes", "k8s.io/kubernetes", "v1.34.2"),
        ("kubernetes", "k8s.io/client-go", "v0.34.2"),
        ("training-operator", "github.com/kubeflow/training-operator", "v1.9.4"),
        ("coredns", "github.com/coredns/coredns", "v1.12.4"),
        ("mpi-operator", "github.com/kubeflow/mpi-operator", "v0.8.2"),
        ("kueue", "sigs.k8s.io/kueue", "v0.14.0"),
        ("kwok", "sigs.k8s.io/kwok", "v0.8.0"),
        ("karpenter", "sigs.k8s.io/karpenter", "v1.14.0"),
    ],
)
def test_modules_are_pinned_with_their_hash(name: str, module: str, version: str) -> None:
    tool = BY_NAME[name]
    assert f"{module} {version}" in go_mod(tool)
    assert f"{module} {version} h1:" in (keys.SOURCES / name / "go.sum").read_text()


def test_the_table_states_the_version_that_is_pinned() -> None:
    for tool in TOOLS:
        if tool.name != "pause":
            assert f" v{tool.version}" in go_mod(tool), tool.name


def test_binaries_are_named_once() -> None:
    names = [name for tool in TOOLS for name in tool.binaries]
    assert len(names) == len(set(names))


def test_a_tool_is_selected_by_its_name_or_a_binary_in_table_order() -> None:
    assert [tool.name for tool in select(["coredns", "kubelet", "pulumi"])] == [
        "pulumi",
        "kubernetes",
        "coredns",
    ]
    assert select([]) == ()


def test_optional_tools_are_built_only_by_name() -> None:
    assert [tool.name for tool in TOOLS if tool not in select()] == ["kueue", "kwok", "karpenter"]
    assert select(["karpenter", "kueue"]) == (BY_NAME["kueue"], BY_NAME["karpenter"])


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(ToolchainError, match=r"Unknown tool 'kubelt'; the tools are .*kubelet"):
        select(["kubelt"])


def test_the_key_is_stable_and_short() -> None:
    tool = BY_NAME["pause"]
    assert keys.key(tool, GO) == keys.key(tool, dataclasses.replace(GO, command=Path("other")))
    assert re.fullmatch(r"[0-9a-f]{12}", keys.key(tool, GO))


@pytest.mark.parametrize(
    "changed",
    [{"ldflags": ("-X a=b",)}, {"version": "2"}, {"packages": BY_NAME["coredns"].packages}],
    ids=lambda changed: next(iter(changed)),
)
def test_the_key_changes_with_the_recipe(changed: dict[str, object]) -> None:
    tool = BY_NAME["pause"]
    other = dataclasses.replace(tool, **changed)  # type: ignore[arg-type]
    assert keys.key(other, GO) != keys.key(tool, GO)


@pytest.mark.parametrize("changed", [{"expected_seconds": 9}, {"optional": True}])
def test_the_key_does_not_change_with_when_and_how_long_it_is_built(
    changed: dict[str, Any],
) -> None:
    tool = BY_NAME["pause"]
    assert keys.key(dataclasses.replace(tool, **changed), GO) == keys.key(tool, GO)


def test_the_key_changes_with_go_and_the_platform() -> None:
    tool = BY_NAME["pause"]
    others = [
        dataclasses.replace(GO, version=(1, 27)),
        dataclasses.replace(GO, platform="linux/arm64"),
    ]
    assert len({keys.key(tool, go) for go in (GO, *others)}) == len(others) + 1


def test_the_key_changes_with_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = BY_NAME["pause"]
    before = keys.key(tool, GO)
    shutil.copytree(keys.SOURCES / tool.name, tmp_path / tool.name)
    monkeypatch.setattr(keys, "SOURCES", tmp_path)
    assert keys.key(tool, GO) == before
    (tmp_path / tool.name / "notes.txt").write_text("not a source")
    assert keys.key(tool, GO) == before
    with (tmp_path / tool.name / "go.mod").open("a") as file:
        file.write("// changed\n")
    assert keys.key(tool, GO) != before
