"""Lines of a container's log: when, which rank, what."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from trainstack.logs.line import Line, lines, since
from trainstack.logs.source import Source

SOURCE = Source("digits-1-worker-1", "uid", "pytorch", "worker", "1", 0, alone=True)
NOW = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)
ROUND = '{"trainstack": "event", "event": "round", "node": 1, "nodes": 2, "world_size": 4}'


@pytest.mark.parametrize(
    ("log", "known", "found"),
    [
        (["T1 hello"], None, [("T1", "hello", None)]),
        (["T1 hello"], range(1, 2), [("T1", "hello", range(1, 2))]),
        (["T1 ", "T2   spaces  stay"], None, [("T1", "", None), ("T2", "  spaces  stay", None)]),
        (
            ["T1 before", f"T2 {ROUND}", "T3 after"],
            None,
            [("T1", "before", None), ("T2", ROUND, range(2, 4)), ("T3", "after", range(2, 4))],
        ),
        (
            ["T1 [3]<stdout>: loss 0.5", "T2 [1,0]<stderr>:warning", "T3 from the launcher"],
            None,
            [
                ("T1", "loss 0.5", range(3, 4)),
                ("T2", "warning", range(1)),
                ("T3", "from the launcher", None),
            ],
        ),
        (
            ['T1 {"trainstack": "event", "event": "round", "node": 1}'],
            range(1),
            [("T1", '{"trainstack": "event", "event": "round", "node": 1}', range(1))],
        ),
    ],
)
def test_lines(
    log: list[str], known: range | None, found: list[tuple[str, str, range | None]]
) -> None:
    assert [(line.at, line.text, line.ranks) for line in lines(log, SOURCE, known)] == found


@pytest.mark.parametrize(("ranks", "rank"), [(None, None), (range(2, 4), None), (range(3, 4), 3)])
def test_as_json(ranks: range | None, rank: int | None) -> None:
    assert Line("T1", SOURCE, "hello", ranks).as_json() == {
        "time": "T1",
        "pod": "digits-1-worker-1",
        "container": "pytorch",
        "role": "worker",
        "index": "1",
        "start": 0,
        "rank": rank,
        "text": "hello",
    }


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("90s", "2026-01-31T09:58:30"),
        ("2h", "2026-01-31T08:00:00"),
        ("1d", "2026-01-30T10:00:00"),
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00"),
        ("2026-01-31T09:00:00+02:00", "2026-01-31T07:00:00"),
    ],
)
def test_since(said: str, moment: str) -> None:
    assert since(said, NOW) == moment
    assert f"{moment}.000000001Z" > moment


@pytest.mark.parametrize("said", ["", "10", "ten minutes", "1w"])
def test_not_a_moment(said: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        since(said, NOW)
