"""Examples of the other pages run as they are written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import stacks
from trainstack.testing import synth

ROOT = Path(__file__).parents[2]
HEADER = "import pulumi\nimport trainstack as ts\n"
PACKAGE = Path(stacks.__file__).parent / "function/digits"
PAGES = (
    "README.md",
    "docs/checkpoints.md",
    "docs/nodes.md",
    "docs/operators.md",
    "docs/pools.md",
    "docs/programs.md",
    "docs/queues.md",
    "docs/versions.md",
)
EXAMPLES = [
    (page, block)
    for page in PAGES
    for block in re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.S | re.M)
    if "Job(" in block
]


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize(("page", "block"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_an_example_makes_a_job(folder: Path, page: str, block: str) -> None:
    (folder / "train.py").write_text("print('hello')\n")
    shutil.copytree(PACKAGE, folder / "digits")
    example = compile(HEADER + block, page, "exec")
    made = synth(lambda: exec(example, {}), preview=True)
    jobs = [one for one in made.registrations if one.type.endswith("Job") and not one.parent]
    assert len(jobs) == 1
