from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from devcluster.toolchain import TOOLS, ToolchainError, disk, ensure, golang, key, locate
from devcluster.toolchain.cache import go_root, tools_root
from devcluster.toolchain.progress import Progress
from devcluster.toolchain.table import select

FAKE_GO = """#!/bin/sh
PATH=/usr/bin:/bin
case "$1" in
version) echo "go version {version} linux/amd64" ;;
env) echo local ;;
mod) printf '{{"Dir": "%s"}}' "{folder}/modules/$4" ;;
build)
    for argument; do
        [ "$previous" = -o ] && target=$argument
        previous=$argument
    done
    mkdir -p "$GOCACHE"
    echo "go: downloading example.org/dependency v1.0.0" >&2
    echo "$previous" >&2
    if [ -e "{folder}/hang" ]; then
        : > "{folder}/hangs"
        exec sleep 60
    fi
    if [ -e "{folder}/fail/${{previous##*/}}" ]; then
        cat "{folder}/fail/${{previous##*/}}" >&2
        exit 1
    fi
    sleep 0.02
    echo "${{previous##*/}}" >> "{folder}/built"
    echo "CGO_ENABLED=$CGO_ENABLED GOFLAGS=$GOFLAGS $*" >> "{folder}/commands"
    echo "{version} $previous" > "$target"
    chmod 755 "$target"
    ;;
esac
"""
OPERATORS_FOLDERS = (
    "config/components",
    "kustomize/stage",
    "kwok/apis/crds",
    "manifests/base",
    "pkg/apis/crds",
)


class FakeGo:
    """A `go` on an otherwise empty PATH; it writes down what it was told to build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "fail").mkdir(parents=True)
        for tool in TOOLS:
            items = [(asset.module, asset.source) for asset in tool.assets]
            items += [(embed.module, embed.source) for embed in tool.embeds]
            for module, source in items:
                path = folder / "modules" / module / source
                target = path / "crds" / "jobs.yaml" if source in OPERATORS_FOLDERS else path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("{}")
                target.chmod(0o444)

    def install(self, version: str = "go1.26.8") -> None:
        path = self.folder / "bin" / "go"
        path.parent.mkdir(exist_ok=True)
        path.write_text(FAKE_GO.format(version=version, folder=self.folder))
        path.chmod(0o755)

    def fails(self, package: str, output: str) -> None:
        (self.folder / "fail" / package).write_text(output)

    def works(self) -> None:
        for path in (*(self.folder / "fail").iterdir(), self.folder / "hang"):
            path.unlink(missing_ok=True)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    @property
    def built(self) -> list[str]:
        return self.lines("built")


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    fake = FakeGo(tmp_path / "go")
    fake.install()
    monkeypatch.setenv("PATH", str(fake.folder / "bin"))
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(disk, "COLD_BUILD_BYTES", 0)
    return fake


def quiet(progress: Progress) -> None:
    """Shows nothing."""


def folders() -> set[str]:
    return {path.name.rsplit("-", 1)[0] for path in tools_root().iterdir() if path.is_dir()}


def test_everything_is_built_once_and_found_again(go: FakeGo) -> None:
    first = ensure(report=quiet)
    binaries = [package.binary for tool in select() for package in tool.packages]
    assert len(go.built) == len(binaries)
    for name in binaries:
        assert os.access(first.binary(name), os.X_OK), name
    second = ensure(report=quiet)
    assert second == first == locate()
    assert len(go.built) == len(binaries)
    assert folders() == {tool.name for tool in select()}


def test_an_optional_tool_is_built_when_it_is_asked_for(go: FakeGo) -> None:
    ensure(["kueue"], report=quiet)
    assert go.built == ["kueue"]
    assert (locate(["kueue"]).manifests("kueue") / "crds" / "jobs.yaml").is_file()


def test_go_caches_are_dropped_when_nothing_is_missing(go: FakeGo) -> None:
    ensure(["pause"], report=quiet)
    assert go_root().exists()
    ensure(report=quiet, keep_go_cache=True)
    assert go_root().exists()
    ensure(["pause"], report=quiet)
    assert not go_root().exists()


def test_builds_are_static_stripped_and_independent_of_the_callers_settings(
    go: FakeGo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOS", "GOARCH", "GOFLAGS"):
        monkeypatch.setenv(name, "odd")
    ensure(["kubelet"], report=quiet)
    command = next(line for line in go.lines("commands") if line.endswith("kubelet"))
    assert command.startswith("CGO_ENABLED=0 GOFLAGS=-modcacherw build ")
    assert "-trimpath" in command
    assert "-s -w -X k8s.io/component-base/version.gitVersion=v1.34.2" in command
    assert "odd" not in golang.build_environment().values()


def test_operators_keep_their_manifests(go: FakeGo) -> None:
    toolchain = ensure(["training-operator", "kubelet"], report=quiet)
    crd = toolchain.manifests("training-operator") / "crds" / "jobs.yaml"
    assert crd.stat().st_mode & 0o200
    with pytest.raises(ToolchainError, match="kubelet has no manifests"):
        toolchain.manifests("kubelet")
    with pytest.raises(ToolchainError, match="coredns was not asked for"):
        toolchain.binary("coredns")


def test_pulumi_and_its_parts_lie_in_one_folder_on_path(go: FakeGo) -> None:
    toolchain = ensure(
        ["pulumi", "pulumi-language-python", "pulumi-resource-kubernetes"], report=quiet
    )
    (folder,) = toolchain.path_dirs()
    assert {path.name for path in folder.iterdir()} == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-kubernetes",
        "pulumi-resource-pulumi-python",
    }
    assert all(os.access(path, os.X_OK) for path in folder.iterdir())
    assert toolchain.env()["PATH"] == f"{folder}:{go.folder / 'bin'}"
    assert toolchain.env()["PULUMI_SKIP_UPDATE_CHECK"] == "1"
    assert toolchain.path_dirs() == [folder]


def test_the_provider_is_installed_into_a_home_of_ones_own(go: FakeGo, tmp_path: Path) -> None:
    toolchain = ensure(["pulumi", "pulumi-resource-kubernetes"], report=quiet)
    home = tmp_path / "home"
    assert "PULUMI_IGNORE_AMBIENT_PLUGINS" not in toolchain.env()
    for _ in range(2):
        environment = toolchain.env(home)
    assert environment["PULUMI_HOME"] == str(home)
    assert environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"
    (plugin,) = (home / "plugins" / "resource-kubernetes-v4.27.0").iterdir()
    assert plugin.samefile(toolchain.binary("pulumi-resource-kubernetes"))


def test_an_interrupted_build_goes_on_where_it_stopped(go: FakeGo) -> None:
    go.fails("kube-scheduler", "# k8s.io/kubernetes/cmd/kube-scheduler\nx.go:1:1: broken\n")
    with pytest.raises(ToolchainError) as caught:
        ensure(["pause", "kubernetes"], report=quiet)
    assert str(caught.value).splitlines() == [
        "Building kube-scheduler 1.34.2 failed: go ended with 1.",
        "    # k8s.io/kubernetes/cmd/kube-scheduler",
        "    x.go:1:1: broken",
    ]
    with pytest.raises(ToolchainError, match=r"Not built yet: kubernetes, pause\. Run: "):
        locate(["pause", "kubernetes"])
    go.works()
    ensure(["pause", "kubernetes"], report=quiet)
    assert sorted(go.built) == sorted([*key_binaries("kubernetes"), "pause"])


def key_binaries(name: str) -> list[str]:
    return [p.binary for tool in TOOLS if tool.name == name for p in tool.packages]


def test_a_terminated_build_says_so_and_leaves_no_go_behind(go: FakeGo) -> None:
    (go.folder / "hang").touch()
    with subprocess.Popen(
        [sys.executable, "-m", "devcluster.toolchain", "build", "pause"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=key.SOURCES.parent.parent,
    ) as process:
        while not (go.folder / "hangs").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; the next build goes on from here"
    go.works()
    ensure(["pause"], report=quiet)
    assert go.built == ["pause"]


def test_two_clones_do_not_build_twice(go: FakeGo) -> None:
    seen: list[Progress] = []
    threads = [
        threading.Thread(target=ensure, args=(["pause"],), kwargs={"report": seen.append})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert go.built == ["pause"]
    assert any(progress.doing.startswith("waiting for the build") for progress in seen)


def test_a_damaged_tool_is_built_again(go: FakeGo) -> None:
    toolchain = ensure(["pause"], report=quiet)
    (toolchain.binary("pause").parent.parent / "built.json").unlink()
    ensure(["pause"], report=quiet)
    assert go.built == ["pause", "pause"]


def test_another_go_release_builds_anew_and_a_patch_release_does_not(go: FakeGo) -> None:
    first = ensure(["pause"], report=quiet)
    go.install("go1.26.9")
    assert ensure(["pause"], report=quiet) == first
    go.install("go1.27.0")
    assert ensure(["pause"], report=quiet) != first
    assert go.built == ["pause", "pause"]


def test_built_tools_are_found_without_go(go: FakeGo) -> None:
    first = ensure(["pause"], report=quiet)
    (go.folder / "bin" / "go").unlink()
    assert locate(["pause"]) == first
    with pytest.raises(ToolchainError, match=r"Go 1\.\d+ or newer .* no `go` command is on PATH"):
        ensure(["coredns"], report=quiet)


@pytest.mark.parametrize(("version", "why"), [("go1.20.1", r"is 1\.20\.$"), ("go1.23.4", "local")])
def test_a_go_that_is_too_old_is_named(go: FakeGo, version: str, why: str) -> None:
    go.install(version)
    with pytest.raises(ToolchainError, match=r"Go 1\.24 or newer is needed .*" + why):
        ensure(["pause"], report=quiet)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("go: example.org@v1: reading proxy: 403 Forbidden", "registry could not be reached"),
        ("dial tcp: lookup proxy: no such host", "registry could not be reached"),
        ("verifying example.org@v1: checksum mismatch", "does not match go.sum"),
        ("write /tmp/x: no space left on device", "the disk is full"),
    ],
)
def test_a_failure_is_explained_with_the_last_lines(go: FakeGo, output: str, reason: str) -> None:
    go.fails("pause", "".join(f"line {number}.\n" for number in range(40)) + output)
    with pytest.raises(ToolchainError, match=reason) as caught:
        ensure(["pause"], report=quiet)
    assert len(caught.value.output) == 15
    assert caught.value.output[-1] == output


def test_too_little_space_is_said_before_anything_is_built(
    go: FakeGo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "COLD_BUILD_BYTES", 10**18)
    with pytest.raises(ToolchainError, match=r"Building pause needs about .* GB are free; set"):
        ensure(["pause"], report=quiet)
    assert go.built == []


def test_progress_says_what_is_built_and_how_far_it_is(go: FakeGo) -> None:
    seen: list[Progress] = []
    ensure(["pause", "kubernetes"], report=seen.append)
    assert [(p.tool, p.number, p.total) for p in seen if p.done] == [
        ("kubernetes 1.34.2", 1, 2),
        ("pause 1", 2, 2),
    ]
    doing = {progress.doing for progress in seen}
    assert "kubelet: compiling k8s.io/kubernetes/cmd/kubelet" in doing
    assert "kubelet: downloading example.org/dependency v1.0.0" in doing
    assert all(p.expected and p.all_expected >= p.expected for p in seen)
