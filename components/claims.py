"""What only one component of a stack can have."""

from __future__ import annotations

from collections.abc import Hashable
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

_taken: WeakKeyDictionary[pulumi.Resource, dict[Hashable, str]] = WeakKeyDictionary()


def claim(thing: Hashable, where: str) -> str | None:
    """Take a thing for the component called `where`; gives who has taken it before, if any."""
    root = get_root_resource()
    if root is None:
        return None
    known = _taken.setdefault(root, {})
    before = known.get(thing)
    known.setdefault(thing, where)
    return before
