"""HTML reports that a training program writes."""

from __future__ import annotations

import json
import re

from .artifacts import storage
from .folder import Place
from .returned import NEEDS_STORAGE

LARGEST_DECKS = 600

_names: list[str] = []


def deck(html: str, name: str = "deck") -> None:
    """Keep an HTML report in the run's storage, on rank 0 only; a later one of that name wins.

    The job's output `decks` has its address. Raises `ValueError` for a job without a checkpoint,
    for another name than letters, digits, '-' and '_', and for more than fit a pod's message.
    """
    if not isinstance(html, str):
        raise ValueError(f"deck: got a {type(html).__name__}: must be a text")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"deck: got {name!r}: must be letters, digits, '-' and '_'")
    place = storage()
    if place is None:
        raise ValueError(f"deck: there is no storage; {NEEDS_STORAGE}")
    names = sorted({*_names, name})
    said = [place.address_of(place.folder / "decks"), *names]
    if len(json.dumps(said)) > LARGEST_DECKS:
        raise ValueError(f"deck: {name!r}: too many, their names must fit {LARGEST_DECKS} bytes")
    if Place.from_env().rank == 0:
        place.keep(f"decks/{name}.html", html.encode())
        _names[:] = names


def decks() -> list[str]:
    """The folder's address and the names, if there are any."""
    place = storage()
    return [place.address_of(place.folder / "decks"), *_names] if _names and place else []
