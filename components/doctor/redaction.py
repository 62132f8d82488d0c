"""Takes secrets out of what is collected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..policy.plain_secrets import NAME, REFERENCE, SHAPES

REMOVED = "[removed]"
_SHORTEST = 6
_ASSIGNED = re.compile(
    r"(?P<name>[A-Za-z_][\w-]*)(?P<sign>[\"']?\s*(?:=|:)\s*[\"']?)(?P<value>[^\s\"',;&]+)"
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_LOOKS = [re.compile(rf"(?:{shape.pattern})[\w-]*", shape.flags) for shape in SHAPES.values()]
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Redaction:
    """Knows the secrets of the pods, and removes them wherever they are printed too."""

    def __init__(self, objects: Iterable[Mapping[str, Any]]) -> None:
        found = {value for one in objects for value in _plain_secrets(one)}
        self._known = sorted((value for value in found if len(value) >= _SHORTEST), key=len)[::-1]

    def text(self, text: str) -> str:
        """A text without what is known or looks like a secret."""
        for value in self._known:
            text = text.replace(value, REMOVED)
        text = _KEY_BLOCK.sub(REMOVED, text)
        for look in _LOOKS:
            text = look.sub(REMOVED, text)
        text = _BEARER.sub(lambda match: f"{match[1]} {REMOVED}", text)
        return _ASSIGNED.sub(_without_value, text)

    def object(self, value: Any) -> Any:
        """An object of the API without secrets, and without what only managers of fields read."""
        if isinstance(value, Mapping):
            named = str(value.get("name") or "")
            return {
                key: REMOVED if _hides(key, named, item) else self.object(item)
                for key, item in value.items()
                if key not in ("managedFields", _LAST_APPLIED)
            }
        if isinstance(value, (list, tuple)):
            before = ["", *value]
            return [
                REMOVED if _is_flag(flag) and _is_secret(flag, item) else self.object(item)
                for flag, item in zip(before, value, strict=False)
            ]
        return self.text(value) if isinstance(value, str) else value


def _hides(key: str, named: str, value: Any) -> bool:
    """Whether a field holds a secret: by its own name, or as the value of such a variable."""
    return _is_secret(named if key == "value" else key, value) and key != "key"


def _is_flag(word: Any) -> bool:
    return isinstance(word, str) and word.startswith("-") and "=" not in word


def _plain_secrets(value: Any) -> Iterator[str]:
    """Values of variables that are named as secrets are."""
    if isinstance(value, Mapping):
        if _is_secret(str(value.get("name") or ""), value.get("value")):
            yield str(value["value"])
        for item in value.values():
            yield from _plain_secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _plain_secrets(item)


def _is_secret(name: str, value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and NAME.search(name.replace("-", "_")) is not None
        and not REFERENCE.fullmatch(value)
    )


def _without_value(match: re.Match[str]) -> str:
    if NAME.search(match["name"].replace("-", "_")) is None:
        return match[0]
    return f"{match['name']}{match['sign']}{REMOVED}"
