"""Lines of a log, and what they say of the training."""

from __future__ import annotations

import json

import pytest

from trainstack.status.progress import Progress, progress_in


def ours(**said: object) -> str:
    return json.dumps({"trainstack": "progress", **said})


def log(*lines: str) -> str:
    return "".join(f"2026-01-01T10:00:{second:02}Z {line}\n" for second, line in enumerate(lines))


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        (ours(step=3, total=9, loss=0.5), Progress(3, 9, {"loss": 0.5})),
        (ours(step=3), Progress(3)),
        (ours(lr=0.1), Progress(metrics={"lr": 0.1})),
        (ours(step=3, loss="NaN"), Progress(3, metrics={"loss": "NaN"})),
        (ours(step=3, note="warm"), Progress(3, metrics={"note": "warm"})),
        # What other programs print.
        ('{"step": 3, "loss": 0.5}', Progress(3, metrics={"loss": 0.5})),
        ('  {"step": 3.0, "total": 9}  ', Progress(3, 9)),
        ('{"step": 3, "loss": NaN, "note": "warm", "done": true}', Progress(3)),
        # horovodrun and mpirun say whose line it is.
        (f"[0]<stdout>:{ours(step=3)}", Progress(3)),
        (f"[1,0]<stdout>: {ours(step=3)}", Progress(3)),
        (f"[1]<stdout>:{ours(step=3)}", None),
        ('[1,2]<stdout>: {"step": 3}', None),
        (f"[1]<stderr>:{ours(step=3)}", None),
        ('[0]<stderr>:{"step": 3}', Progress(3)),
        # A line that something else was printed on before.
        (f"loading... {ours(step=3)}", Progress(3)),
        # None of these is progress.
        ("", None),
        ("step 3", None),
        ("{", None),
        ("[3]", None),
        ('{"loss": 0.5}', None),
        ('{"step": "three"}', None),
        ('{"step": 3.5}', None),
        ('{"step": true}', None),
        ('{"step": null}', None),
        ('{"trainstack": "event", "event": "round", "step": 3}', None),
        ('loading... {"step": 3}', None),
        ('{"step": 3, "text": "' + "x" * 20_000 + '"}', None),
    ],
)
def test_a_line(line: str, progress: Progress | None) -> None:
    found = progress_in(f"10:00 {line}\n")
    assert (found and Progress(found.step, found.total, found.metrics)) == progress


def test_a_launchers_log_tells_how_far_rank_0_is() -> None:
    text = log(
        '{"trainstack": "event", "event": "start"}',
        "[1]<stdout>:rank 1 of 2 trains",
        f"[0]<stdout>:{ours(step=1, total=9, loss=0.5)}",
        f"[1]<stdout>:{ours(step=2, total=9, loss=0.75)}",
        f"[0]<stdout>:{ours(step=2, total=9, loss=0.25)}",
        f"[1]<stdout>:{ours(step=3, total=9, loss=0.75)}",
    )
    assert str(progress_in(text)) == "step 2/9, loss 0.25"


def test_the_newest_of_each() -> None:
    text = log(
        ours(step=1, total=9, loss=0.5, lr=0.1),
        "a line of the program",
        ours(accuracy=0.25),
        ours(step=2, loss=0.25),
    )
    assert progress_in(text) == Progress(
        2, 9, {"loss": 0.25, "lr": 0.1, "accuracy": 0.25}, "2026-01-01T10:00:03Z"
    )


def test_it_goes_on_from_what_was_read_before() -> None:
    lines = [ours(step=1, loss=0.5), ours(step=2, loss=0.25), ours(step=3)]
    before = progress_in(log(*lines[:2]))
    assert progress_in(log(*lines), before) == progress_in(log(*lines))
    assert progress_in(log(*lines[:1]), before) is before
    assert progress_in("", before) is before


def test_nothing_was_told() -> None:
    assert progress_in(log("step 3", "bye")) is None


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(3, 9, {"loss": 0.123456, "lr": 3e-05}), "step 3/9, loss 0.1235, lr 3e-05"),
        (Progress(3, metrics={"tokens": 123456}), "step 3, tokens 1.235e+05"),
        (Progress(metrics={"loss": "NaN", "ok": True}), ""),
    ],
)
def test_for_people(progress: Progress, text: str) -> None:
    assert str(progress) == text


def test_as_json() -> None:
    found = progress_in(log(ours(step=1, total=9, loss=0.5)))
    assert found is not None
    assert found.to_dict() == {
        "step": 1,
        "total": 9,
        "metrics": {"loss": 0.5},
        "at": "2026-01-01T10:00:00Z",
    }
