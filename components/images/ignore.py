"""Which files a `.dockerignore` leaves out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\\.|.", re.DOTALL)
_MEANS = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


@dataclass(frozen=True)
class Ignore:
    """The patterns of a `.dockerignore`; of those that match, the last one decides.

    >>> ignore = Ignore.parse("*.csv\\n!labels.csv")
    >>> [ignore.leaves_out(PurePosixPath(name)) for name in ("a.csv", "labels.csv", "a.py")]
    [True, False, False]
    """

    patterns: tuple[tuple[re.Pattern[str], bool], ...]

    @classmethod
    def parse(cls, text: str) -> Ignore:
        """Read the file's lines as Docker does.

        Raises `ValueError` that names a line which is no pattern.
        """
        found = []
        for line in text.lstrip("\ufeff").splitlines():
            pattern = line.strip()
            if not pattern or line.startswith("#"):
                continue
            left_out = not pattern.startswith("!")
            cleaned = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
            if cleaned != ".":
                found.append((_regex(cleaned), left_out))
        return cls(tuple(found))

    def leaves_out(self, path: PurePosixPath) -> bool:
        """Whether a path, or a folder that it lies in, is named."""
        places = [str(path), *(str(folder) for folder in path.parents if folder.name)]
        out = False
        for pattern, left_out in self.patterns:
            if out != left_out and any(pattern.fullmatch(place) for place in places):
                out = left_out
        return out

    @property
    def has_exceptions(self) -> bool:
        """Whether something below a folder that is left out may be taken after all."""
        return not all(left_out for _, left_out in self.patterns)


def _regex(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile("".join(map(_part, _TOKEN.findall(pattern))), re.DOTALL)
    except re.error as error:
        raise ValueError(f".dockerignore: got {pattern!r}: {error.msg}") from None


def _part(token: str) -> str:
    if token in _MEANS:
        return _MEANS[token]
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        return token
    return re.escape(token[-1] if token.startswith("\\") else token)
