"""How horovodrun and mpirun mark what a rank prints."""

from __future__ import annotations

import re

_MOMENT = r"\[?[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}\]?"
_MARK = re.compile(
    rf"(?:{_MOMENT})?\[(?:\d+,)?(?P<rank>\d+)\](?:\[[^\]]*\])?<std(?:out|err)>: ?", re.ASCII
)


def unmarked(line: str) -> tuple[int | None, str]:
    """The rank that a line is marked with, None without a mark, and what the rank printed.

    >>> unmarked("[1,3]<stdout>: loss 0.5")
    (3, 'loss 0.5')
    """
    if mark := _MARK.match(line):
        return int(mark["rank"]), line[mark.end() :]
    return None, line
