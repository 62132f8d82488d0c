"""When a round of nodes is over, by what a rendezvous like torch's says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest

from images.runtime.trainstack_runtime import membership as membership_module
from images.runtime.trainstack_runtime.membership import NO_HEARTBEAT, Change, Membership
from images.runtime.trainstack_runtime.round import Round


@dataclass(frozen=True)
class Node:
    """torch's name for a node."""

    addr: str


A, B, C = (Node(f"10.0.0.{number}") for number in (1, 2, 3))


@dataclass
class State:
    """torch's state, as far as we read it."""

    round: int = 3
    closed: bool = False
    participants: dict[Node, int] = field(default_factory=lambda: {A: 0, B: 1, C: 2})
    wait_list: set[Node] = field(default_factory=set)
    last_heartbeats: dict[Node, object] = field(default_factory=dict)


class Store(dict[str, str]):
    """What the nodes of a round share."""

    def set(self, key: str, value: str) -> None:
        self[key] = value

    def check(self, keys: list[str]) -> bool:
        return all(key in self for key in keys)


class StateHolder:
    """torch's, which drops nodes without a heartbeat when it writes."""

    def __init__(self) -> None:
        self.state = State()
        self._dirty = False

    def mark_dirty(self) -> None:
        self._dirty = True

    def sync(self) -> None:
        if self._dirty:
            for node, seen in list(self.state.last_heartbeats.items()):
                if seen == NO_HEARTBEAT:
                    del self.state.last_heartbeats[node], self.state.participants[node]


class Handler:
    """torch's handler on node A."""

    def __init__(self) -> None:
        self._this_node = A
        self._heartbeat_lock = threading.Lock()
        self._state_holder = StateHolder()
        timeout = SimpleNamespace(last_call=timedelta(seconds=5), _last_call=timedelta(seconds=5))
        self.settings = SimpleNamespace(
            timeout=timeout,
            keep_alive_interval=timedelta(0),
            keep_alive_max_attempt=1,
        )

    @property
    def state(self) -> State:
        state: State = self._state_holder.state
        return state

    def num_nodes_waiting(self) -> int:
        return len(self.state.wait_list)


def _close(state: State) -> None:
    state.closed = True
    del state.participants[C]


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (lambda state: None, None),
        (lambda state: state.participants.pop(C), Change("10.0.0.3 left or is lost", lost=True)),
        (
            lambda state: (state.participants.pop(C), state.participants.pop(B)),
            Change("10.0.0.2, 10.0.0.3 left or is lost", lost=True),
        ),
        (
            lambda state: state.participants.pop(A),
            Change("this node was taken for lost", lost=True),
        ),
        (
            lambda state: setattr(state, "round", 4),
            Change("this node was taken for lost", lost=True),
        ),
        (
            lambda state: state.wait_list.add(Node("10.0.0.4")),
            Change("1 node(s) wait to join", lost=False),
        ),
        (
            lambda state: (state.wait_list.add(B), state.participants.pop(B)),
            Change("10.0.0.2 left or is lost", lost=True),
        ),
        (_close, None),
    ],
    ids=[
        *("nothing", "one lost", "two lost", "dropped", "another round", "grows", "rejoins"),
        "over",
    ],
)
def test_what_ends_a_round(event: Callable[[State], object], change: Change | None) -> None:
    handler = Handler()
    with closing(Membership(handler)) as membership:
        assert membership.settle(Round(Store(), 0, 3)) == 3
        event(handler.state)
        assert membership.change() == change
        assert membership.change_soon() == change


@pytest.mark.parametrize(
    ("done", "event", "change"),
    [
        (2, lambda state: state.participants.pop(C), None),
        (
            2,
            lambda state: state.participants.pop(B),
            Change("10.0.0.2 left or is lost", lost=True),
        ),
        (
            0,
            lambda state: state.participants.pop(A),
            Change("10.0.0.1 left or is lost", lost=True),
        ),
        (2, lambda state: state.wait_list.add(Node("10.0.0.4")), None),
    ],
    ids=["a done node is lost", "another is lost", "rank 0's node is lost", "a newcomer"],
)
def test_the_end_of_a_round_once_a_node_is_done(
    done: int, event: Callable[[State], object], change: Change | None
) -> None:
    handler, store = Handler(), Store()
    handler._this_node = B if done == 0 else A
    with closing(Membership(handler)) as membership:
        membership.settle(Round(store, 1, 3))
        Round(store, done, 3).finish()
        event(handler.state)
        assert membership.change() == change


def test_a_round_is_over_when_all_its_nodes_are_done() -> None:
    rounds = [Round(store := Store(), 0, 2), Round(store, 1, 2)]
    assert not any(node.ending() for node in rounds)
    rounds[1].finish()
    assert all(node.ending() and not node.over() for node in rounds)
    rounds[0].finish()
    assert all(node.over() for node in rounds)


def test_a_node_that_is_about_to_leave_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, store, looks = Handler(), Store(), iter(range(50))
    monkeypatch.setattr(membership_module, "MARGIN_SECONDS", 0)
    with closing(Membership(handler)) as membership:
        membership.settle(Round(store, 0, 3))
        assert membership.change_soon() is None

        def pause(_: float) -> None:
            if next(looks) == 20:
                del handler.state.participants[C]

        monkeypatch.setattr("time.sleep", pause)
        Round(store, 2, 3).leave()
        assert membership.change_soon() == Change("10.0.0.3 left or is lost", lost=True)


def test_torchs_own_agent_sees_no_newcomers() -> None:
    handler = Handler()
    Membership(handler).close()
    handler.state.wait_list.add(Node("10.0.0.4"))
    assert handler.num_nodes_waiting() == 0


def test_who_lost_a_node_does_not_wait_for_more() -> None:
    handler = Handler()
    with closing(Membership(handler)) as membership:
        membership.hurry(lost=True)
        assert handler.settings.timeout._last_call == timedelta(seconds=1)
        membership.hurry(lost=False)
        assert handler.settings.timeout._last_call == timedelta(seconds=5)


def test_a_neighbour_that_died_loses_its_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler()
    handler.state.last_heartbeats = {A: 1, B: 1, C: 1}
    with closing(Membership(handler)) as membership:
        membership.settle(Round(Store(), 0, 3))
        monkeypatch.setattr(membership._line, "dead", lambda: B)
        assert membership.change() == Change("10.0.0.2 left or is lost", lost=True)


def test_one_that_is_back_in_a_later_round_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler()
    with closing(Membership(handler)) as membership:
        membership.settle(Round(Store(), 0, 3))
        handler.state.last_heartbeats = {A: 1, B: 1, C: 1}
        handler.state.round = 4
        monkeypatch.setattr(membership._line, "dead", lambda: B)
        assert membership.change() == Change("this node was taken for lost", lost=True)
        assert handler.state.last_heartbeats == {A: 1, B: 1, C: 1}
