"""What a user may name, and which commit and update that is."""

from __future__ import annotations

import pytest

from tests.support.states import job, state, update
from tests.unit.history.conftest import Repo
from trainstack.history.commits import Repository
from trainstack.history.history import History
from trainstack.history.point import find_point
from trainstack.history.update import read_updates
from trainstack.spec.model import TrainstackError

STATES = {
    1: state(job("digits", "aaaa1111")),
    2: state(job("digits", "bbbb2222")),
    3: state(job("digits", "bbbb2222")),
    4: state(),
}


@pytest.fixture
def commits(repo: Repo) -> list[str]:
    return [repo.commit(a__txt=str(number)) for number in range(3)]


@pytest.fixture
def history(commits: list[str]) -> History:
    first, second, _ = commits
    updates = read_updates(
        [
            update(None),
            update(second, result="failed"),
            update(second),
            update(first),
        ]
    )
    return History(updates, lambda one: STATES[one.number])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("1", (0, 1)),
        ("3", (1, 3)),
        ("bbbb2222", (1, 2)),
        ("digits-aaaa1111", (0, 1)),
        ("HEAD~1", (1, 2)),
        ("HEAD~2", (0, 1)),
        ("main", (2, None)),
    ],
)
def test_found(
    repo: Repo, history: History, commits: list[str], said: str, found: tuple[int, int | None]
) -> None:
    """Of several updates it is the newest that succeeded."""
    point = find_point(said, history, Repository(repo.project))
    number = point.update.number if point.update else None
    assert (commits.index(point.commit), number) == found


def test_a_commit_is_found_by_its_beginning(
    repo: Repo, history: History, commits: list[str]
) -> None:
    assert find_point(commits[0][:9], history, Repository(repo.project)).title == (
        f"update 1 ({commits[0][:10]})"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "cccc3333",
            "got 'cccc3333': neither the number of an update, nor a commit in this repository, nor "
            "the version of a run that an update left; updates: 1 to 4",
        ),
        (
            "4",
            "update 4: no commit is recorded, since it was made outside a git repository",
        ),
    ],
)
def test_not_found(repo: Repo, history: History, said: str, message: str) -> None:
    with pytest.raises(TrainstackError) as raised:
        find_point(said, history, Repository(repo.project))
    assert str(raised.value) == message


def test_a_commit_of_another_repository(repo: Repo) -> None:
    repo.commit(a__txt="a")
    history = History(read_updates([update("0" * 40)]), lambda _: None)
    with pytest.raises(TrainstackError, match="is not in this repository; fetch it first"):
        find_point("1", history, Repository(repo.project))
