"""A cache of this test's own, with an invented release for the pinned one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import upstream
from trainstack.operators import release


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty."""
    monkeypatch.setattr(release, "RELEASES", (upstream.RELEASE,))
    monkeypatch.setenv("TRAINSTACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An unpacked release."""
    return upstream.write_folder(tmp_path / "unpacked")
