"""What becomes of a function's return value, and of decks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from images.runtime import trainstack_runtime
from images.runtime.trainstack_runtime import decks, outcome, report
from images.runtime.trainstack_runtime.report import reported, returned


class Scalar:
    """Like numpy's and torch's of one element."""

    def item(self) -> float:
        return 0.5


class Array:
    """Like numpy's and torch's of several."""

    def item(self) -> float:
        raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")

    def tolist(self) -> list[float]:
        return [1.0, 2.0]


@dataclass
class Scores:
    loss: Any
    names: tuple[str, ...] = ("a",)


class Pair(NamedTuple):
    one: int
    two: Any


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(report, "_result", {})
    monkeypatch.setattr(report, "_returned", [])
    monkeypatch.setattr(decks, "_names", [])
    for name in ("RANK", "TRAINSTACK_ARTIFACTS", "TRAINSTACK_ARTIFACTS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "artifacts"
    monkeypatch.setenv("TRAINSTACK_ARTIFACTS", str(folder))
    monkeypatch.setenv("TRAINSTACK_ARTIFACTS_ADDRESS", "s3://bucket/run/")
    return folder


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (None, None),
        (3, 3),
        (0, 0),
        (False, False),
        ("", ""),
        (0.25, 0.25),
        ([], []),
        ({}, {}),
        (Scalar(), 0.5),
        (Array(), [1.0, 2.0]),
        ((1, Scalar()), [1, 0.5]),
        ({"loss": Scalar(), "more": [{"x": None}]}, {"loss": 0.5, "more": [{"x": None}]}),
        (Scores(Scalar()), {"loss": 0.5, "names": ["a"]}),
        (Pair(1, Scalar()), [1, 0.5]),
    ],
)
def test_a_return_value_is_the_result(value: Any, result: Any) -> None:
    returned(value)
    assert reported() == result
    assert type(reported()) is type(result)


@pytest.mark.parametrize(
    ("value", "result"),
    [(None, {"a": 1, "b": 2}), ({"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}), (5, 5)],
)
def test_beside_what_was_reported(
    value: Any, result: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    report.result(a=1, b=2)
    returned(value)
    assert reported() == result
    assert ("without a, b" in capsys.readouterr().err) == (value == 5)


def test_only_rank_zero_s_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    returned(object())
    assert reported() is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (math.nan, "result: got nan: JSON has no such number"),
        ({"a": [math.inf]}, r"result\.a\[0\]: got inf: JSON has no such number"),
        (object(), "result: JSON cannot hold a object; save it to a file and return its Path"),
        ({"a": {1}}, r"result\.a: JSON cannot hold a set; save it"),
        ({1: 2}, "result: got 1 as a key: must be a text"),
        (b"x", "result: a bytes does not fit .* give the job a checkpoint"),
        ({"m": Path("x")}, r"result\.m: a PosixPath does not fit .* give the job a checkpoint"),
        ("x" * 3000, "result: 3,002 bytes as JSON, above the 3,000 .* give the job a checkpoint"),
    ],
)
def test_what_cannot_be_a_result(value: Any, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{error}"):
        returned(value)


def test_bytes_and_files_are_kept_and_their_addresses_given(storage: Path, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"weights")
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "a.txt").write_text("a")
    storage.mkdir()
    (storage / "here.txt").write_text("here")
    value = {
        "accuracy": 0.9,
        "raw": [b"x", bytearray(b"y")],
        "model": tmp_path / "model.pt",
        "all": tmp_path / "export",
        "here": storage / "here.txt",
    }
    returned(value)
    assert reported() == {
        "accuracy": 0.9,
        "raw": ["s3://bucket/run/result/raw/0.bin", "s3://bucket/run/result/raw/1.bin"],
        "model": "s3://bucket/run/result/model/model.pt",
        "all": "s3://bucket/run/result/all/export",
        "here": "s3://bucket/run/here.txt",
    }
    found = {str(p.relative_to(storage)): p.read_text() for p in storage.rglob("*") if p.is_file()}
    assert found == {
        "here.txt": "here",
        "result/all/export/a.txt": "a",
        "result/model/model.pt": "weights",
        "result/raw/0.bin": "x",
        "result/raw/1.bin": "y",
    }


def test_what_is_too_large_is_kept(storage: Path) -> None:
    value = {"losses": list(range(2000)), "é": "é"}
    returned(value)
    assert reported() == "s3://bucket/run/result.json"
    assert json.loads((storage / "result.json").read_text()) == value


def test_a_file_that_is_not_there(storage: Path) -> None:
    with pytest.raises(ValueError, match="absent does not exist on rank 0"):
        returned(Path("absent"))


def test_without_an_address_the_folder_is_it(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINSTACK_ARTIFACTS_ADDRESS")
    returned(b"x")
    assert reported() == f"{storage}/result.bin"


def test_decks_are_kept_and_told(storage: Path) -> None:
    assert decks.decks() == []
    trainstack_runtime.deck("<p>one</p>")
    trainstack_runtime.deck("<p>é</p>", "loss")
    trainstack_runtime.deck("<p>two</p>")
    assert decks.decks() == ["s3://bucket/run/decks", "deck", "loss"]
    assert {path.name: path.read_text() for path in (storage / "decks").iterdir()} == {
        "deck.html": "<p>two</p>",
        "loss.html": "<p>é</p>",
    }


def test_decks_are_rank_zero_s(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    trainstack_runtime.deck("<p>one</p>")
    assert decks.decks() == []
    assert not storage.exists()


@pytest.mark.parametrize(
    ("html", "name", "error"),
    [
        (b"<p>", "deck", "deck: got a bytes: must be a text"),
        ("<p>", "../x", "deck: got '../x': must be letters, digits, '-' and '_'"),
        ("<p>", "", "deck: got '': must be letters"),
        ("<p>", "x" * 600, "too many, their names must fit 600 bytes"),
    ],
)
def test_a_deck_that_cannot_be_kept(storage: Path, html: Any, name: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        trainstack_runtime.deck(html, name)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_deck_without_storage(monkeypatch: pytest.MonkeyPatch, rank: str) -> None:
    monkeypatch.setenv("RANK", rank)
    with pytest.raises(ValueError, match="deck: there is no storage; give the job a checkpoint"):
        trainstack_runtime.deck("<p>one</p>")


def test_the_largest_result_and_decks_fit_a_message() -> None:
    success = outcome.Success(
        world_size=10_000,
        nodes=9_999,
        restarts=10_000,
        duration=1e7,
        result="x" * 2_998,
        decks=["x" * 596],
    )
    assert len(success.message().encode()) <= outcome.LARGEST_MESSAGE
