from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devcluster.toolchain import TOOLS, system
from devcluster.toolchain.system import find_on_path

BY_NAME = {tool.name: tool for tool in TOOLS}
PULUMI_TOOLS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
KUBERNETES = BY_NAME["kubernetes"].binaries

Install = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "cache"))
    return path


@pytest.fixture
def install(folder: Path) -> Install:
    def write(name: str, answer: str = "", code: int = 0, into: Path = folder) -> Path:
        into.mkdir(parents=True, exist_ok=True)
        path = into / name
        path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_nothing_is_found_on_an_empty_path(tool: object) -> None:
    assert find_on_path(tool) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v3.250.0", True),
        ("v3.262.1-alpha.1", True),
        ("v3.249.9", False),
        ("v3.70.0", False),
        ("v4.0.0", False),
        ("no version", False),
    ],
)
def test_a_complete_pulumi_serves_in_a_fitting_version(
    install: Install, version: str, fits: bool
) -> None:
    pulumi = install("pulumi", version)
    host = install("pulumi-language-python")
    found = [find_on_path(BY_NAME[name]) for name in PULUMI_TOOLS]
    assert [entry is not None for entry in found] == [fits] * len(PULUMI_TOOLS)
    if found[0] and found[1]:
        assert dict(found[0].binaries)["pulumi"] == pulumi
        assert dict(found[1].binaries) == {"pulumi-language-python": host}


def test_pulumi_without_its_language_host_is_not_complete(install: Install) -> None:
    install("pulumi", "v3.260.0")
    assert [find_on_path(BY_NAME[name]) for name in PULUMI_TOOLS] == [None] * 3


def test_a_pulumi_of_our_own_on_path_is_not_somebody_elses(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "cache" / "tools" / "pulumi-path-0123"
    install("pulumi", "v3.250.0", into=own)
    install("pulumi-language-python", into=own)
    monkeypatch.setenv("PATH", str(own))
    assert find_on_path(BY_NAME["pulumi"]) is None


@pytest.mark.parametrize(
    ("version", "fits"),
    [("v1.34.2", True), ("v1.34.0", True), ("v1.35.0", False), ("v1.33.9", False)],
)
def test_kubernetes_serves_in_its_exact_minor_version(
    install: Install, version: str, fits: bool
) -> None:
    paths = {name: install(name, f"Kubernetes {version}") for name in KUBERNETES}
    found = find_on_path(BY_NAME["kubernetes"])
    assert (found is not None) == fits
    if found:
        assert dict(found.binaries) == paths


@pytest.mark.parametrize("odd", KUBERNETES)
def test_kubernetes_is_all_or_nothing(install: Install, odd: str) -> None:
    for name in KUBERNETES:
        install(name, "Kubernetes v1.32.0" if name == odd else "Kubernetes v1.34.1")
    assert find_on_path(BY_NAME["kubernetes"]) is None


@pytest.mark.parametrize(("version", "fits"), [("1.8.0", True), ("1.12.4", True), ("2.0.0", False)])
def test_coredns_serves_in_any_first_version(install: Install, version: str, fits: bool) -> None:
    install("coredns", f"CoreDNS-{version}")
    assert (find_on_path(BY_NAME["coredns"]) is not None) == fits


@pytest.mark.parametrize("name", ["training-operator", "mpi-operator", "pause"])
def test_what_goes_into_images_is_never_taken_from_path(install: Install, name: str) -> None:
    install(name, "1.9.4")
    assert find_on_path(BY_NAME[name]) is None


def test_a_tool_that_fails_does_not_fit(install: Install) -> None:
    install("coredns", "CoreDNS-1.12.4", code=1)
    assert find_on_path(BY_NAME["coredns"]) is None


def test_a_tool_that_hangs_does_not_fit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "TIMEOUT_SECONDS", 0.2)
    path = folder / "coredns"
    path.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    path.chmod(0o755)
    assert find_on_path(BY_NAME["coredns"]) is None


def test_asking_for_a_version_touches_no_home(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("pulumi", "pulumi-language-python"):
        path = folder / name
        path.write_text('#!/bin/sh\n: > "$HOME/trace"\n: > "$PULUMI_HOME/trace"\necho v3.250.0\n')
        path.chmod(0o755)
    assert find_on_path(BY_NAME["pulumi"]) is not None
    assert list(home.iterdir()) == []
