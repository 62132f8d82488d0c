"""What is shipped of a function, and that it is always the same bytes."""

from __future__ import annotations

import bz2
import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainstack.spec.model import TrainstackError
from trainstack.spec.package import modules, pack
from trainstack.spec.program import Program
from trainstack.spec.source import LARGEST, Source, read_source

PARTS = st.text("abc_é", min_size=1, max_size=40)
FILES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=8).map(lambda parts: "/".join(parts) + ".py"),
    st.binary(max_size=200),
    max_size=8,
)


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("def main(): ...\n")


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:bz2") as tar:
        return {m.name: file.read() for m in tar if (file := tar.extractfile(m))}


def read(folder: Path, function: str) -> Source:
    source = read_source(Program(function=function), folder, "Test 'x'")
    assert source is not None
    return source


@given(FILES, st.randoms(use_true_random=False))
def test_an_archive_is_reproducible(files: dict[str, bytes], random: Random) -> None:
    names = list(files)
    random.shuffle(names)
    packed = pack(files)
    assert pack({name: files[name] for name in names}) == packed
    assert unpacked(packed) == files


@given(FILES, FILES)
def test_other_files_are_another_archive(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    sources = [Source("source.tar.bz2", pack(files)) for files in (one, other)]
    assert (sources[0].digest == sources[1].digest) == (one == other)


def test_a_digest_is_of_the_content_however_it_is_compressed() -> None:
    packed = pack({"a.py": b"x" * 1000})
    again = bz2.compress(bz2.decompress(packed), 1)
    assert again != packed
    assert Source("a", again).digest == Source("a", packed).digest


def test_members_tell_nothing_of_who_made_them() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack({"a.py": b""}))) as tar:
        (member,) = tar
    assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")


@pytest.mark.parametrize(
    ("there", "path", "shipped"),
    [
        (["train.py", "other.py"], "train.py", ["train.py"]),
        (["jobs/train.py", "jobs/other.py"], "jobs/train.py", ["jobs/train.py"]),
        (["jobs/train.py"], "./jobs//train.py", ["jobs/train.py"]),
        (
            ["pkg/__init__.py", "pkg/train.py", "pkg/model.py", "pkg/data.csv", "other.py"],
            "pkg/train.py",
            ["pkg/__init__.py", "pkg/model.py", "pkg/train.py"],
        ),
        (
            ["src/pkg/__init__.py", "src/pkg/sub/__init__.py", "src/pkg/sub/train.py"],
            "src/pkg/sub/train.py",
            ["src/pkg/__init__.py", "src/pkg/sub/__init__.py", "src/pkg/sub/train.py"],
        ),
        (
            ["pkg/__init__.py", "pkg/train.py", "pkg/plain/more.py"],
            "pkg/train.py",
            ["pkg/__init__.py", "pkg/plain/more.py", "pkg/train.py"],
        ),
        (
            ["a/__init__.py", "a/plain/b/__init__.py", "a/plain/b/train.py"],
            "a/plain/b/train.py",
            ["a/plain/b/__init__.py", "a/plain/b/train.py"],
        ),
        (
            ["pkg/__init__.py", "pkg/train.py", "pkg/.venv/x.py", "pkg/__pycache__/y.py"],
            "pkg/train.py",
            ["pkg/__init__.py", "pkg/train.py"],
        ),
        (["__init__.py", "train.py", "__main__.py"], "train.py", ["train.py"]),
        (["../lib/train.py"], "../lib/train.py", ["lib/train.py"]),
        (["train.py"], "jobs/../train.py", ["train.py"]),
    ],
)
def test_a_file_alone_or_its_package(
    tmp_path: Path, there: list[str], path: str, shipped: list[str]
) -> None:
    folder = tmp_path / "program"
    (folder / "jobs").mkdir(parents=True)
    write(folder, *there)
    content = read(folder, f"{path}:main").content
    assert isinstance(content, bytes)
    assert sorted(unpacked(content)) == shipped


def test_names_in_the_archive_are_where_the_runtime_looks(tmp_path: Path) -> None:
    write(tmp_path, "lib/pkg/__init__.py", "lib/pkg/train.py", "program/x")
    program = Program(function="../lib/pkg/train.py:main")
    assert program.command()[1] == "lib/pkg/train.py:main"
    found = modules(tmp_path / "program/../lib/pkg/train.py", PurePosixPath("lib/pkg/train.py"))
    assert sorted(found) == ["lib/pkg/__init__.py", "lib/pkg/train.py"]


def test_touching_is_no_change_and_editing_is(tmp_path: Path) -> None:
    write(tmp_path, "pkg/__init__.py", "pkg/train.py", "pkg/model.py")
    before = read(tmp_path, "pkg/train.py:main")
    os.utime(tmp_path / "pkg/model.py", (1, 1))
    (tmp_path / "pkg/train.py").chmod(0o755)
    (tmp_path / "pkg/__pycache__").mkdir()
    (tmp_path / "pkg/__pycache__/train.cpython-311.pyc").write_bytes(b"x")
    assert read(tmp_path, "pkg/train.py:main") == before
    (tmp_path / "pkg/model.py").write_text("size = 4\n")
    assert read(tmp_path, "pkg/train.py:main").digest != before.digest


def test_what_is_too_large_names_the_way_out(tmp_path: Path) -> None:
    write(tmp_path, "pkg/__init__.py", "pkg/train.py")
    (tmp_path / "pkg/large.py").write_bytes(Random(0).randbytes(LARGEST + 10_000))
    with pytest.raises(TrainstackError, match="TrainingImage") as caught:
        read(tmp_path, "pkg/train.py:main")
    assert str(caught.value).startswith(
        "Test 'x': program.function: got 'pkg/train.py:main': 3 modules, compressed 91"
    )
