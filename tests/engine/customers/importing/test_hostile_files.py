"""Files made to stop an import, to fill the memory, or to have something else taken than what they say."""

from pathlib import Path

import pytest

from kolofon.engine.customers.importing.reading import LONGEST_LINE, RawRow, open_source, read_rows
from tests.engine.customers.importing.runs import Importer, customer


@pytest.mark.parametrize("deep", [b"[" * 400_000, b'{"name":' * 100_000, b'{"customerNumber":1,"name":' + b"[" * 2000])
async def test_what_is_nested_too_deeply_is_a_refused_row_wherever_it_stands(importer: Importer, deep: bytes) -> None:
    row = b'{"customerNumber":7,"name":{"lastName":"Vik"}}\n'
    first = await importer.content(deep + b"\n" + row)
    assert (first.counts, first.why(1)) == ((1, 0, 1), "row: expected a JSON object in UTF-8")
    later = await importer.content(row + deep + b"\n")
    assert (later.counts, later.why(2)) == ((0, 1, 1), "row: expected a JSON object in UTF-8")


async def test_a_code_that_is_there_twice_in_other_spelling_refuses_its_row_and_stops_nothing(
    importer: Importer,
) -> None:
    ran = await importer.rows(customer(1, externalReferences={"CRM": "1", " CRM": "2"}), customer(2))
    assert (ran.counts, ran.why(1)) == ((1, 0, 1), "externalReferences. CRM: the code is there twice")


def test_a_row_that_never_ends_is_not_kept(tmp_path: Path) -> None:
    """Cells in quotes that each hold the end of a line: a row as long as the file."""
    first, *others = _read(tmp_path, b'1,"\n' + b'","\n' * 1_000_000)
    assert first.trouble is not None
    assert first.trouble.startswith("lines 2 to ")
    assert max(len(row.cells or []) for row in others) == 1


def test_a_line_that_is_too_long_is_not_taken_for_a_part_of_a_cell(tmp_path: Path) -> None:
    rows = _read(tmp_path, b'1,"Berg\n' + b"x" * (LONGEST_LINE + 1) + b'\n2,Vik\n3,"Lie\n"\n')
    assert [(row.line, row.cells) for row in rows] == [(2, None), (4, ["2", "Vik"]), (5, ["3", "Lie\n"])]


def _read(tmp_path: Path, content: bytes) -> list[RawRow]:
    path = tmp_path / "x.csv"
    path.write_bytes(b"customerNumber,lastName\n" + content)
    source = open_source(path, None)
    with path.open("rb") as file:
        return list(read_rows(source, file, 0))
