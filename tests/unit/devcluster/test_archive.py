"""Image archives without tools."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from devcluster import DevClusterError
from devcluster.archive import Contents, Entry, Recipe, canonical


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF program")
    entries = {
        "opt/tool/run": Entry(source=program),
        "bin/run": Entry(link="/opt/tool/run"),
        "etc/motd": Entry(text="hello\n", mode=0o644),
    }
    return Recipe("localhost/example:1", entries, ["/bin/run"], user="65532:65532")


def test_an_archive_holds_one_verifiable_layer(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    recipe.write(path, "x86_64")
    with tarfile.open(path) as tar:
        members = {name: tar.extractfile(name) for name in tar.getnames()}
        content = {name: file.read() for name, file in members.items() if file}
    (manifest,) = json.loads(content["manifest.json"])
    config = json.loads(content[manifest["Config"]])
    layer = hashlib.sha256(content[manifest["Layers"][0]]).hexdigest()
    assert manifest["RepoTags"] == ["localhost/example:1"]
    assert manifest["Config"] == hashlib.sha256(content[manifest["Config"]]).hexdigest() + ".json"
    assert config["rootfs"]["diff_ids"] == [f"sha256:{layer}"]
    assert config["architecture"] == "amd64"
    assert config["config"]["Entrypoint"] == ["/bin/run"]
    assert config["config"]["User"] == "65532:65532"


def test_a_layer_names_every_folder_before_what_is_in_it(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    recipe.write(path, "x86_64")
    with tarfile.open(path) as tar:
        layer = tar.extractfile("layer.tar")
        assert layer
        with tarfile.open(fileobj=layer) as inner:
            names = inner.getnames()
            modes = {info.name: info.mode for info in inner.getmembers()}
            run = inner.extractfile("opt/tool/run")
            assert run
            assert run.read() == b"\x7fELF program"
    assert [names.index(name) for name in ("opt", "opt/tool", "opt/tool/run")] == sorted(
        names.index(name) for name in ("opt", "opt/tool", "opt/tool/run")
    )
    assert modes["tmp"] == 0o1777
    assert modes["etc/motd"] == 0o644


def test_the_same_inputs_give_the_same_bytes(recipe: Recipe, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    recipe.write(first, "x86_64")
    recipe.write(second, "x86_64")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "first.tar",
        "program",
        "second.tar",
    ]


def test_an_archive_is_known_by_its_config_and_names(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    recipe.write(path, "x86_64")
    found = Contents.read(path)
    assert found.names == ("localhost/example:1",)
    Recipe(recipe.name, {}, user="0").write(path, "x86_64")
    assert Contents.read(path).identity != found.identity


def test_an_oci_archive_is_read_too(tmp_path: Path) -> None:
    index = {
        "manifests": [
            {
                "digest": "sha256:" + "a" * 64,
                "annotations": {"io.containerd.image.name": "localhost/example:2"},
            }
        ]
    }
    path = _tar(tmp_path, "index.json", json.dumps(index))
    assert Contents.read(path).names == ("localhost/example:2",)


@pytest.mark.parametrize("name", ["other.json", "manifest.json"])
def test_what_is_no_image_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DevClusterError, match="is not an image archive"):
        Contents.read(_tar(tmp_path, name, "not JSON"))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(DevClusterError, match="is not an image archive"):
        Contents.read(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("localhost/trainstack/pause:1", "localhost/trainstack/pause:1"),
        ("registry.example/a:1", "registry.example/a:1"),
        ("host:5000/a:1", "host:5000/a:1"),
        ("busybox:1", "docker.io/library/busybox:1"),
        ("team/tool:1", "docker.io/team/tool:1"),
    ],
)
def test_names_are_given_as_containerd_stores_them(name: str, stored: str) -> None:
    assert canonical(name) == stored


def _tar(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    with tarfile.open(folder / "made.tar", "w") as tar:
        tar.add(folder / name, name)
    return folder / "made.tar"
