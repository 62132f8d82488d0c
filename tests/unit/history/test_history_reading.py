"""From Pulumi's history and states to what happened to runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.states import job, state, update
from trainstack.cli.history_text import listing
from trainstack.history.history import History
from trainstack.history.run_change import run_changes
from trainstack.history.update import Commit, read_updates
from trainstack.observe.stack_run import stack_runs
from trainstack.spec.model import TrainstackError

DIGITS = job("digits", "aaaa1111", hyperparameters={"lr": "0.1"})
LOWER = job("digits", "bbbb2222", hyperparameters={"lr": "0.05"})
LABELLED = job("digits", "aaaa1111", hyperparameters={"lr": "0.1"}, labels={"team": "a"})


def test_an_update() -> None:
    [first] = read_updates(
        [update("1a2b", dirty=True, config={"shop:lr": "0.1", "shop:key": None})]
    )
    assert first.number == 1
    assert first.commit == Commit("1a2b", "main", "Ada", dirty=True)
    assert first.config == {"shop:lr": "0.1", "shop:key": None}


@pytest.mark.parametrize(
    ("versions", "numbers"),
    [((0, 0, 0), [3, 2, 1]), ((12, 11, 9), [12, 11, 9])],
)
def test_updates_are_counted_where_the_backend_does_not(
    versions: tuple[int, ...], numbers: list[int]
) -> None:
    updates = read_updates([update(version=version) for version in versions])
    assert [one.number for one in updates] == numbers


def test_not_a_history() -> None:
    with pytest.raises(TrainstackError, match=r"cannot be read: KeyError: 'kind'"):
        read_updates([{"version": 1}])


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([], [DIGITS], [("starts", None, "aaaa1111", [])]),
        ([DIGITS], [], [("stops", "aaaa1111", None, [])]),
        (
            [DIGITS],
            [LOWER],
            [("restarts", "aaaa1111", "bbbb2222", [("hyperparameters.lr", "0.1", "0.05")])],
        ),
        (
            [DIGITS],
            [LABELLED],
            [("changes in place", "aaaa1111", "aaaa1111", [("labels.team", None, "a")])],
        ),
        ([DIGITS], [DIGITS], []),
        (
            [DIGITS],
            [job("digits", "aaaa1111", namespace="other")],
            [
                ("stops", "aaaa1111", None, []),
                ("starts", None, "aaaa1111", []),
            ],
        ),
        (
            [DIGITS, job("twin", "1")],
            [LOWER, job("twin", "1")],
            [("restarts", "aaaa1111", "bbbb2222", [("hyperparameters.lr", "0.1", "0.05")])],
        ),
    ],
)
def test_changes(before: list[Any], after: list[Any], changes: list[Any]) -> None:
    found = run_changes(stack_runs(state(*before)), stack_runs(state(*after)))
    assert [
        (
            change.effect.value,
            change.before,
            change.after,
            [(field.path, field.before, field.after) for field in change.fields],
        )
        for change in found
    ] == changes


def test_what_waits_to_be_deleted_is_no_run() -> None:
    waits = [{**resource, "delete": True} for resource in DIGITS]
    assert [run.version for run in stack_runs(state(waits, LOWER))] == ["bbbb2222"]


def test_the_listing() -> None:
    states = {1: state(DIGITS), 2: state(LOWER, job("other", "1")), 3: None, 4: state(LOWER)}
    updates = read_updates(
        [
            update(None, kind="refresh", message=""),
            update("2" * 40),
            update("1" * 40, dirty=True, result="failed"),
            update("0" * 40),
        ]
    )
    history = History(updates, lambda one: states[one.number])
    assert listing(history.last(None)) == [
        "4  2026-01-31 10:00  refresh  succeeded  no commit",
        "    what it did to runs is not known: the backend does not give out old states",
        "3  2026-01-31 10:00  update   succeeded  2222222222   Ada  lower the rate",
        "    what it did to runs is not known: the backend does not give out old states",
        "2  2026-01-31 10:00  update   failed     1111111111+  Ada  lower the rate",
        "    digits  restarts  aaaa1111 -> bbbb2222  hyperparameters.lr: 0.1 -> 0.05",
        "    other   starts    1",
        "1  2026-01-31 10:00  update   succeeded  0000000000   Ada  lower the rate",
        "    digits  starts  aaaa1111",
    ]
    assert listing(history.last(None), "other") == [
        "2  2026-01-31 10:00  update  failed  1111111111+  Ada  lower the rate",
        "    other  starts  1",
    ]
    assert listing(history.last(1), "none") == ["no update has changed a run 'none'"]
    assert listing(History((), lambda _: None).last(None)) == ["no update"]


def test_as_json() -> None:
    history = History(read_updates([update("1a2b")]), lambda _: state(DIGITS))
    assert [entry.as_json() for entry in history.last(None)] == [
        {
            "number": 1,
            "kind": "update",
            "result": "succeeded",
            "started": "2026-01-31T10:00:00.000Z",
            "ended": "2026-01-31T10:01:00.000Z",
            "message": "lower the rate",
            "commit": {"id": "1a2b", "branch": "main", "author": "Ada", "dirty": False},
            "build": None,
            "runs": [
                {
                    "run": "digits",
                    "kind": "ElasticJob",
                    "version": "aaaa1111",
                    "job_name": "digits-aaaa1111",
                    "namespace": "team",
                }
            ],
            "changes": [
                {
                    "run": "digits",
                    "kind": "ElasticJob",
                    "namespace": "team",
                    "effect": "starts",
                    "before": None,
                    "after": "aaaa1111",
                    "fields": (),
                }
            ],
        }
    ]
