"""docs/from-flyte.md: its examples run, and its tables say where the operator reads each field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.parity import TABLES
from tests.support.parity.table import Table
from tests.support.schema import errors, read_back
from trainstack.testing import synth

PAGE = Path(__file__).parents[2] / "docs/from-flyte.md"
HEADER = "import pulumi\nimport trainstack as ts\n"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
FILES = {found[1]: block for block in BLOCKS if (found := re.match(r"# (\w+\.py)\n", block))}
EXAMPLES = [block for block in BLOCKS if block not in FILES.values()]

ROLE = {"command", "image", "limits", "replicas", "requests", "restart_policy"}
LAUNCHED = {"launcher", "num_launcher_replicas", "num_workers", "run_policy", "slots", "worker"}
FLYTE = {
    "The task": {
        *("accelerator", "cache", "cache_version", "container_image"),
        *("current_context().checkpoint", "disable_deck"),
        *("enable_deck", "environment", "interruptible", "limits", "pod_template", "requests"),
        *("retries", "secret_requests", "shared_memory", "task_config", "timeout"),
    },
    "Roles": ROLE,
    "RunPolicy": {
        *("active_deadline_seconds", "backoff_limit", "clean_pod_policy"),
        "ttl_seconds_after_finished",
    },
    "PyTorch": {"increase_shared_mem", "master", "num_workers", "run_policy", "worker"},
    "Elastic": {
        *("increase_shared_mem", "max_restarts", "monitor_interval", "nnodes", "nproc_per_node"),
        *("rdzv_configs", "run_policy", "start_method"),
    },
    "MPIJob": LAUNCHED,
    "HorovodJob": LAUNCHED | {"discovery_script_path", "elastic_timeout", "log_level", "verbose"},
    "TFJob": {
        *("chief", "evaluator", "num_chief_replicas", "num_evaluator_replicas"),
        *("num_ps_replicas", "num_workers", "ps", "run_policy", "worker"),
    },
}
"""The sections, and what Flyte's documentation lists for each."""
TABLE = {table.name: table for table in TABLES}
SECTIONS = {
    **dict.fromkeys(("The task", "Roles", "RunPolicy", "PyTorch"), TABLE["PyTorchJob"]),
    "Elastic": TABLE["ElasticJob, several nodes"],
    "MPIJob": TABLE["MPIJob"],
    "HorovodJob": TABLE["HorovodJob"],
    "TFJob": TABLE["TFJob"],
}
NO_FIELD = ("not needed, because", "refused for now, because", "as in an `MPIJob`")


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


ROWS = [(section, row) for section in FLYTE for row in rows(section)]


def _kind(block: str) -> str:
    (kind,) = re.findall(r"ts\.(\w+Job)\(", block)
    return str(kind)


@pytest.fixture
def files(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).write_text(content)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("block", EXAMPLES, ids=[_kind(block) for block in EXAMPLES])
def test_an_example_runs_and_fits_the_operators_schema(
    block: str, schemas: dict[str, dict[str, Any]]
) -> None:
    example = compile(HEADER + block, str(PAGE), "exec")
    made = synth(lambda: exec(example, {}), preview=True)
    objects = [r.inputs for r in made.registrations if r.type.startswith("kubernetes:")]
    kinds = {one["kind"] for one in objects}
    assert len(kinds & schemas.keys()) == 1
    for manifest in objects:
        if manifest["kind"] in schemas:
            assert errors(manifest, schemas[manifest["kind"]]) == []
        else:
            assert read_back(manifest) == manifest


def test_every_kind_has_an_example() -> None:
    assert set(map(_kind, EXAMPLES)) == {table.kind.name for table in TABLES}


@pytest.mark.parametrize("section", FLYTE)
def test_every_name_of_flytes_is_in_its_table(section: str) -> None:
    told = {name for row in rows(section) for name in code(row[0])}
    assert told == FLYTE[section]


@pytest.mark.parametrize(("section", "row"), ROWS, ids=[f"{s}: {row[0]}" for s, row in ROWS])
def test_it_is_where_the_page_says(section: str, row: list[str]) -> None:
    _, here, manifest = row
    table = SECTIONS[section]
    if any(words in here for words in NO_FIELD):
        assert manifest == ""
        return
    if here.startswith("the resource's class"):
        return
    field = code(here)[0]
    read = _read(table, field)
    assert read, f"{field} is no field of {table.name}"
    for path in code(manifest):
        wanted = path.replace("[0]", ".0").split("…")
        form = ".*".join(map(re.escape, wanted))
        assert any(re.fullmatch(form, one) for one in read), (path, read)


def _read(table: Table, field: str) -> set[str]:
    """Paths at which the manifest has a field, or the fields within it."""
    if field == "program.function":
        return {path for row in table.rows if row.field == field for path in row.reads}
    within = tuple(f"{field}{end}" for end in (".", "[", "{"))
    found = [row for row in table.rows if row.field == field or row.field.startswith(within)]
    return {path for row in found for path in row.reads}
