"""What is written in a spec is where the operator reads it: each field of each kind.

The tables are in `tests/support/parity`. A new field fails here until it has a row, or is named
with the test that shows its effect.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import trainstack
from tests.support.parity import TABLES, Row, Table, at
from tests.support.parity.table import said_at

ROOT = Path(__file__).parents[3]
ROWS = [(table, row) for table in TABLES for row in table.rows]
KINDS = {name for name in trainstack.__all__ if name.endswith("Job")}
WITHIN = {
    *(f"checkpoint.{field}" for field in trainstack.Checkpoint.NOT_THE_RUN),
    *(f"run_policy.{field}" for field in trainstack.RunPolicy.NOT_THE_RUN),
}
"""Fields of others that are not part of the run."""
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def each(rows: list[tuple[Table, Row]]) -> pytest.MarkDecorator:
    names = [f"{table.name}: {row.field}" for table, row in rows]
    return pytest.mark.parametrize(("table", "row"), rows, ids=names)


@each(ROWS)
def test_it_is_where_the_operator_reads_it(table: Table, row: Row) -> None:
    assert said_at(row.said, row.field) is not None
    before = table.manifest(row.beside)
    after = table.manifest(row.beside, row.said)
    assert row.reads
    for path, expected in row.reads.items():
        assert (path, at(after, path)) == (path, expected)
        assert (at(before, path) == expected) == row.only


@each([(table, row) for table, row in ROWS if not row.only])
def test_it_is_part_of_the_version_unless_it_changes_in_place(table: Table, row: Row) -> None:
    same = table.version(row.beside) == table.version(row.beside, row.said)
    assert same == (row.field in table.kind.args.NOT_THE_RUN | WITHIN)


@each_table
def test_every_field_has_a_row_or_another_test(table: Table) -> None:
    rows = {row.field for row in table.rows}
    assert rows & table.elsewhere.keys() == set()
    assert rows | table.elsewhere.keys() == table.fields()


@each_table
def test_the_other_tests_are_there_and_use_the_field(table: Table) -> None:
    for field, test in table.elsewhere.items():
        file, _, name = test.partition("::")
        source = (ROOT / file).read_text()
        assert f"def {name}(" in source
        assert field.rpartition(".")[2] in source


def test_every_kind_has_a_table() -> None:
    assert {table.kind.name for table in TABLES} == KINDS
