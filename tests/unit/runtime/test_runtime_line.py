"""Launchers that notice at once when a neighbour's process dies."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from images.runtime.trainstack_runtime.line import KEY, Line

ROOT = Path(__file__).parents[3]
NEIGHBOUR = """
import os
import sys
from images.runtime.trainstack_runtime.line import Line

class Store(dict):
    set = dict.__setitem__

store, line = Store(), Line()
line.join(store, "B", {"B": 0})
if sys.argv[1:] == ["with a forked rank"] and os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
print(*store.values(), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Node:
    """torch's name for a node."""

    name: str
    addr: str = "127.0.0.1"

    def __str__(self) -> str:
        return self.name


A, B, C = Node("A"), Node("B"), Node("C")


class Store(dict[str, str]):
    """What the nodes of a round share."""

    def set(self, key: str, value: str) -> None:
        self[key] = value

    def check(self, keys: list[str]) -> bool:
        return all(key in self for key in keys)


@contextmanager
def neighbour(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another launcher's process, and where its door is."""
    with subprocess.Popen(
        [sys.executable, "-c", NEIGHBOUR, *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture
def line() -> Iterator[Line]:
    """This node's."""
    with closing(Line()) as line:
        yield line


def _dead_soon(line: Line) -> object:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and line.dead() is None:
        time.sleep(0.05)
    return line.dead()


def test_a_neighbour_that_is_killed_is_dead_and_one_that_is_busy_is_not(line: Line) -> None:
    store = Store()
    with neighbour() as (process, port):
        line.join(store, A, {A: 0, B: 1, C: 2})
        assert line.dead() is None, "B has not said where it is"
        store[f"{KEY}B"] = port
        assert line.dead() is None
        assert line.dead() is None
        process.kill()
        assert _dead_soon(line) == B


def test_a_killed_neighbour_is_dead_although_a_rank_that_it_forked_lives_on(line: Line) -> None:
    store = Store()
    with neighbour("with a forked rank") as (process, port):
        line.join(store, A, {A: 0, B: 1})
        store[f"{KEY}B"] = port
        assert line.dead() is None
        process.kill()
        assert _dead_soon(line) == B


def test_one_that_died_before_it_was_reached_is_dead(line: Line) -> None:
    store = Store()
    with neighbour() as (process, port):
        process.kill()
        process.wait()
    store[f"{KEY}B"] = port
    line.join(store, A, {A: 0, B: 1})
    assert line.dead() == B


def test_a_new_round_has_new_neighbours(line: Line) -> None:
    store = Store()
    with neighbour() as (process, port):
        store[f"{KEY}B"] = port
        line.join(store, A, {A: 0, B: 1})
        process.kill()
        assert _dead_soon(line) == B
    line.join(Store(), A, {A: 0, C: 1})
    assert line.dead() is None


def test_the_last_one_watches_the_first(line: Line) -> None:
    store = Store()
    line.join(store, A, {A: 0, B: 1})
    with closing(Line()) as other:
        other.join(store, B, {A: 0, B: 1})
        assert line.dead() is None
        assert other.dead() is None
    assert line.dead() == B


@pytest.mark.parametrize("ranks", [{A: 0}, {B: 0, C: 1}], ids=["alone", "dropped"])
def test_without_a_neighbour_nobody_is_dead(line: Line, ranks: dict[Node, int]) -> None:
    line.join(Store(), A, ranks)
    assert line.dead() is None


def test_a_neighbour_that_cannot_be_reached_is_left_to_its_heartbeat(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*address: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", unreachable)
    store = Store({f"{KEY}B": "1"})
    line.join(store, A, {A: 0, B: 1})
    assert line.dead() is None
