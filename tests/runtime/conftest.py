"""Fixtures of the runtime's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .pods import Pods


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    """Processes on this host that stand for pods."""
    pods = Pods(tmp_path)
    yield pods
    pods.end()
