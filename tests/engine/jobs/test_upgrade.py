"""A newer library leaves alone what an earlier one made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NewProgram

RECORDED = Path(__file__).parent / "recorded"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_what_an_earlier_library_made_stays(offline_program: NewProgram, name: str) -> None:
    stack = offline_program((RECORDED / f"{name}.py").read_text(), project="upgrade")
    stack.write("train.py", "print('hello')\n")
    stack.run("stack", "import", "--file", str(RECORDED / f"{name}.json")).check()
    made = [one for one in stack.resources() if one["type"].startswith("kubernetes:")]
    assert len(made) >= 6
    shown = stack.preview(json=True).check()
    assert set(shown.json["changeSummary"]) == {"same"}, shown.stdout
