"""Users' values within Markdown, where nothing of them acts as Markdown or HTML."""

from __future__ import annotations

import re

_LONGEST = 200
_HARMLESS = re.compile(r"[^`|\\]+")


def code(value: str) -> str:
    r"""A value as code on one line, within a table cell too; a long one is shortened.

    >>> code("0.1"), code("a|b"), code("two\nlines")
    ('`0.1`', '<code>a&#124;b</code>', '<code>two&#92;nlines</code>')
    """
    shown = _line(value)
    if _HARMLESS.fullmatch(shown) and shown == shown.strip():
        return f"`{shown}`"
    return html_code(value)


def html_code(value: str) -> str:
    """The same where Markdown is not read, as within `<summary>`."""
    return "<code>" + "".join(map(_entity, _line(value))) + "</code>"


def block(text: str, longest: int = 4000) -> str:
    """Lines of text as a code block; of a long one the end is kept.

    >>> print(block("error"))
    ```text
    error
    ```
    """
    shown = "".join(c if c == "\n" else _visible(c) for c in text.replace("\t", "    "))
    if len(shown) > longest:
        shown = f"…{shown[-longest + 1 :]}"
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence}text\n{shown}\n{fence}"


def _line(value: str) -> str:
    shown = "".join(map(_visible, value[: _LONGEST + 1]))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _entity(character: str) -> str:
    return character if character.isalnum() or character == " " else f"&#{ord(character)};"
