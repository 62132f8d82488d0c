"""What belongs to an image's build, and what its tag follows from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import trainstack as ts
from trainstack.images.context import Context, read_context
from trainstack.images.ignore import Ignore

SETTINGS: dict[str, Any] = {"build_args": {}, "platform": "linux/amd64", "target": None}


@pytest.mark.parametrize(
    ("patterns", "out", "kept"),
    [
        ("*.csv", ["a.csv"], ["data/a.csv", "a.csv.gz"]),
        ("**/*.csv", ["a.csv", "data/a.csv", "a/b/c.csv"], ["a.csv.gz"]),
        ("data", ["data", "data/a", "data/a/b"], ["data2", "x/data"]),
        ("/data/", ["data/a"], ["x/data/a"]),
        ("data/*", ["data/a", "data/a/b"], ["data"]),
        ("data/**", ["data/a", "data/a/b"], ["data"]),
        ("a?.py", ["ab.py"], ["a.py", "a/.py"]),
        ("[ab].py", ["a.py"], ["c.py"]),
        (r"\[ab\].py", ["[ab].py"], ["a.py"]),
        ("*\n!keep", ["a", "a/b"], ["keep", "keep/b"]),
        ("!a\n*", ["a"], []),
        ("docs\n!docs/README.md", ["docs/x"], ["docs/README.md"]),
        ("# a\n\n  a  \n.", ["a"], ["b", "# a"]),
        ("./x/../a", ["a"], ["x/a"]),
        ("a.py", ["a.py"], ["aXpy"]),
    ],
)
def test_patterns_are_dockers(patterns: str, out: list[str], kept: list[str]) -> None:
    ignore = Ignore.parse(patterns)
    assert [name for name in out if not ignore.leaves_out(PurePosixPath(name))] == []
    assert [name for name in kept if ignore.leaves_out(PurePosixPath(name))] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small context."""
    made = tmp_path / "image"
    (made / "pkg").mkdir(parents=True)
    (made / "data").mkdir()
    (made / "Dockerfile").write_text("FROM scratch\nCOPY pkg /pkg\n")
    (made / "pkg" / "train.py").write_text("print()\n")
    (made / "data" / "big.csv").write_text("1,2\n")
    (made / ".dockerignore").write_text("data\nDockerfile\n")
    return made


def key(folder: Path, dockerfile: str = "Dockerfile", **settings: Any) -> str:
    return Context.read(folder, dockerfile).key({**SETTINGS, **settings})


def test_the_dockerfile_belongs_to_it_and_ignored_files_do_not(folder: Path) -> None:
    names = [str(path) for path in Context.read(folder, "Dockerfile").paths]
    assert names == [".dockerignore", "Dockerfile", "pkg/train.py"]


def test_a_dockerfiles_own_ignore_file_goes_first(folder: Path) -> None:
    (folder / "Dockerfile.dockerignore").write_text("pkg\n")
    names = [str(path) for path in Context.read(folder, "Dockerfile").paths]
    assert names == [".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "data/big.csv"]


EDITS: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "pkg/train.py").write_text("print(1)\n"),
    "name": lambda folder: (folder / "pkg/train.py").rename(folder / "pkg/run.py"),
    "executable": lambda folder: (folder / "pkg/train.py").chmod(0o755),
    "link": lambda folder: (folder / "pkg/run.py").symlink_to("train.py"),
    "Dockerfile": lambda folder: (folder / "Dockerfile").write_text("FROM scratch\n"),
}
NO_EDITS: dict[str, Callable[[Path], object]] = {
    "ignored": lambda folder: (folder / "data/big.csv").write_text("3,4\n"),
    "time": lambda folder: os.utime(folder / "pkg/train.py", (0, 0)),
    "empty folder": lambda folder: (folder / "pkg/empty").mkdir(),
    "place": lambda folder: folder.rename(folder.with_name("moved")).rename(folder),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_another_image(folder: Path, edit: str) -> None:
    before = key(folder)
    EDITS[edit](folder)
    assert key(folder) != before


@pytest.mark.parametrize("edit", NO_EDITS)
def test_what_the_build_does_not_see_is_none(folder: Path, edit: str) -> None:
    before = key(folder)
    NO_EDITS[edit](folder)
    assert key(folder) == before


@pytest.mark.parametrize(
    "settings", [{"build_args": {"A": "1"}}, {"platform": "linux/arm64"}, {"target": "gpu"}]
)
def test_other_settings_are_another_image(folder: Path, settings: dict[str, Any]) -> None:
    assert key(folder, **settings) != key(folder)


def test_tags_stay_with_a_release(folder: Path) -> None:
    assert key(folder) == "ddb398b693e164d4"


def test_of_a_linked_dockerfile_the_content_counts(folder: Path, tmp_path: Path) -> None:
    before = key(folder)
    shared = (folder / "Dockerfile").rename(tmp_path / "shared")
    (folder / "Dockerfile").symlink_to(shared)
    assert key(folder) == before
    staged = Context.read(folder, "Dockerfile").stage(tmp_path / "staged")
    assert staged.key(SETTINGS) == before
    assert not (staged.folder / "Dockerfile").is_symlink()
    shared.write_text("FROM busybox\n")
    assert key(folder) != before


def test_names_may_be_any_bytes(folder: Path) -> None:
    before = key(folder)
    Path(os.fsdecode(os.fsencode(folder / "pkg") + b"/\xff")).touch()
    named = key(folder)
    assert named != before
    (folder / "pkg/link").symlink_to(os.fsdecode(b"\xff"))
    assert key(folder) != named


def test_a_pattern_that_is_none(folder: Path) -> None:
    (folder / ".dockerignore").write_text("a\n[z-a]\n")
    said = r"Image 'x': context: got 'image': \.dockerignore: got '\[z-a\]': bad character range"
    with pytest.raises(ts.TrainstackError, match=said):
        read_context(folder.parent, "image", "Dockerfile", "Image 'x'")


def test_a_staged_copy_is_the_same_image(folder: Path, tmp_path: Path) -> None:
    (folder / "pkg/run.py").symlink_to("train.py")
    context = Context.read(folder, "Dockerfile")
    staged = context.stage(tmp_path / "staged")
    assert staged.key(SETTINGS) == context.key(SETTINGS)
    assert not (tmp_path / "staged/data").exists()
