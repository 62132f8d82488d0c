"""Filling the cache: whatever the origin, it is what was pinned, or nothing changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import upstream
from trainstack import TrainstackError
from trainstack.operators import manifests
from trainstack.operators.cache import cache_root, is_fetched, release_folder
from trainstack.operators.fetch import fetch, open_address
from trainstack.operators.release import RELEASES, Release, digest, find_release

RELEASE = upstream.RELEASE


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Not into the test's output."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the loopback address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def at(address: str) -> Release:
    return replace(RELEASE, address=address)


def in_cache(cache: Path) -> dict[str, bytes]:
    folder = release_folder(RELEASE)
    assert folder.is_relative_to(cache)
    return {name: (folder / name).read_bytes() for name in RELEASE.files}


def test_download(cache: Path, served: tuple[Path, str]) -> None:
    folder, address = served
    upstream.write_tar(folder / "release.tar.gz")
    fetched = fetch(at(f"{address}/release.tar.gz"), go=None)
    assert fetched == release_folder(RELEASE)
    assert in_cache(cache) == upstream.files()
    read = manifests.read_documents(RELEASE, None, RELEASE.files)
    assert read == [upstream.documents()[name] for name in RELEASE.files]


@pytest.mark.parametrize(
    "write",
    [upstream.write_tar, upstream.write_zip, upstream.write_folder],
    ids=["tar", "zip", "folder"],
)
def test_from_a_local_origin(cache: Path, tmp_path: Path, write: Callable[[Path], Path]) -> None:
    fetch(RELEASE, write(tmp_path / "origin"), go=None)
    assert in_cache(cache) == upstream.files()


@pytest.mark.parametrize("below", [".", "manifests", "manifests/base"])
def test_any_folder_above_the_manifests_will_do(cache: Path, source: Path, below: str) -> None:
    fetch(RELEASE, source / below, go=None)
    assert in_cache(cache) == upstream.files()


def test_through_the_go_command(cache: Path, source: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text(f'#!/bin/sh\necho \'{{"Dir": "{source}"}}\'\n')
    go.chmod(0o755)
    fetch(at("http://127.0.0.1:9/refused"), go=str(go))
    assert in_cache(cache) == upstream.files()


def test_again_replaces_what_is_there(cache: Path, source: Path) -> None:
    folder = fetch(RELEASE, source)
    (folder / "service.yaml").write_text("changed by hand")
    fetch(RELEASE, source)
    assert in_cache(cache) == upstream.files()
    assert [entry.name for entry in folder.parent.iterdir()] == [folder.name]


def test_something_else_is_refused_and_the_cache_stays(cache: Path, source: Path) -> None:
    fetch(RELEASE, source)
    (source / RELEASE.folder / "service.yaml").write_text("kind: Other")
    with pytest.raises(TrainstackError, match=r"not training-operator@1\.9\.4 as it was"):
        fetch(RELEASE, source)
    assert in_cache(cache) == upstream.files()


def test_a_failure_leaves_no_trace(
    cache: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> list[manifests.Manifest]:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainstack.operators.fetch.parse_documents", fail)
    with pytest.raises(KeyboardInterrupt):
        fetch(RELEASE, source)
    assert not is_fetched(RELEASE)
    assert list(release_folder(RELEASE).parent.iterdir()) == []


def test_refused_everywhere(cache: Path, served: tuple[Path, str]) -> None:
    _, address = served
    with pytest.raises(TrainstackError) as told:
        fetch(at(f"{address}/gone.tar.gz"), go=None)
    message = str(told.value)
    assert f"{address}/gone.tar.gz: File not found" in message
    assert "the go command is not installed" in message
    assert "--from" in message
    assert not is_fetched(RELEASE)


def test_a_server_that_stops_half_way(cache: Path, tmp_path: Path) -> None:
    whole = upstream.write_tar(tmp_path / "whole.tar.gz").read_bytes()
    half = tmp_path / "half"
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainstackError, match=r"not a whole|neither a folder nor a whole"):
        fetch(RELEASE, opener=lambda _: half.open("rb"), go=None)
    assert not is_fetched(RELEASE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file or folder"),
        (b"not an archive", "neither a folder nor a whole .tar.gz or .zip"),
        (b"", "neither a folder nor a whole .tar.gz or .zip"),
    ],
)
def test_bad_origins(tmp_path: Path, content: bytes | None, message: str) -> None:
    origin = tmp_path / "origin"
    if content is not None:
        origin.write_bytes(content)
    with pytest.raises(TrainstackError, match=message):
        fetch(RELEASE, origin)


def test_a_folder_that_lacks_a_file(source: Path) -> None:
    (source / RELEASE.folder / "service.yaml").unlink()
    with pytest.raises(TrainstackError, match=r"not the manifests of .*service\.yaml is missing"):
        fetch(RELEASE, source)


def test_the_address_is_opened_by_the_standard_library(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "x").write_bytes(b"content")
    with open_address(f"{address}/x") as response:
        assert response.read() == b"content"


def test_cache_folder() -> None:
    assert cache_root({"TRAINSTACK_CACHE": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert cache_root({"XDG_CACHE_HOME": "/b"}) == Path("/b/trainstack")
    assert cache_root({}) == Path.home() / ".cache" / "trainstack"


def test_another_pin_is_not_served_from_the_cache(source: Path) -> None:
    fetch(RELEASE, source)
    assert not is_fetched(replace(RELEASE, digest="0" * 64))


def test_the_table() -> None:
    for release in RELEASES:
        assert release.address.startswith("https://")
        assert release.module.endswith(f"@v{release.version}")
        assert len(bytes.fromhex(release.digest)) == 32
        assert list(release.files) == sorted(release.files)


def test_digest_depends_on_names_and_contents() -> None:
    made = {digest({"a": b"1"}), digest({"a": b"2"}), digest({"b": b"1"}), digest({})}
    assert len(made) == 4


def test_unknown_releases() -> None:
    with pytest.raises(TrainstackError, match=r"'training-operator@9'; known: training-operator@1"):
        find_release("training-operator", "9")
