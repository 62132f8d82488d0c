"""What horovodrun 0.28, mpirun 4 and mpirun 5 put before the lines of a rank."""

from __future__ import annotations

import pytest

from trainstack.status.rank_mark import unmarked


@pytest.mark.parametrize(
    "mark",
    [
        "[3]<stdout>:",  # horovodrun
        "Thu Nov 26 14:59:24 2026[3]<stderr>:",  # horovodrun --prefix-output-with-timestamp
        "[1,3]<stdout>:",  # mpirun 4 --tag-output
        "Thu Nov  6 14:59:24 2026[1,3]<stdout>:",  # mpirun 4 --tag-output --timestamp-output
        "[1,3]<stderr>: ",  # mpirun 5 --output tag
        "[3]<stdout>: ",  # mpirun 5 --output rank
        "[1,3][host:12297]<stdout>: ",  # mpirun 5 --output tag-detailed
        "[Thu Nov 26 14:59:24 2026][1,3]<stdout>: ",  # mpirun 5 --output tag,timestamp
    ],
)
@pytest.mark.parametrize("line", ["", "loss 0.5", "  [0]<stdout>: said by the program"])
def test_a_mark(mark: str, line: str) -> None:
    assert unmarked(mark + line) == (3, line.removeprefix(" ") if mark[-1] == ":" else line)


@pytest.mark.parametrize("line", ["", "[3] loss 0.5", "[3]", "a [3]<stdout>: b", "[x]<stdout>: b"])
def test_no_mark(line: str) -> None:
    assert unmarked(line) == (None, line)
