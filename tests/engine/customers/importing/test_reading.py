"""Files taken apart: which rows they have, in which lines these begin, and what is told of a file as a whole."""

from pathlib import Path

import pytest

from kolofon.engine.customers.importing.reading import (
    LONGEST_CELL,
    LONGEST_LINE,
    FileError,
    RawRow,
    open_source,
    read_rows,
)


def read(tmp_path: Path, content: bytes, name: str = "x.csv", skip: int = 0) -> list[RawRow]:
    path = tmp_path / name
    path.write_bytes(content)
    source = open_source(path, None)
    with path.open("rb") as file:
        return list(read_rows(source, file, skip))


HEAD = b"customerNumber,lastName\n"


@pytest.mark.parametrize(
    "content",
    [
        b"customerNumber,lastName\n1,Berg\n",
        b"\xef\xbb\xbfcustomerNumber,lastName\r\n1,Berg\r\n",
        b"customerNumber;lastName\n1;Berg",
        b'"customerNumber";"lastName"\n1;"Berg"\n',
        b"customerNumber,lastName\n\n,\n1,Berg\n",
    ],
)
def test_a_table_has_a_byte_order_mark_or_not_and_commas_or_semicolons(tmp_path: Path, content: bytes) -> None:
    rows = read(tmp_path, content)
    assert [row.cells for row in rows] == [["1", "Berg"]]


def test_a_row_goes_by_the_line_it_begins_in(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + b'1,"Berg\nog Dal"\n\n2,Vik\n')
    assert [(row.line, row.cells) for row in rows] == [(2, ["1", "Berg\nog Dal"]), (5, ["2", "Vik"])]


def test_json_lines_go_by_their_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, b'\xef\xbb\xbf{"customerNumber":1}\n\n  \n{"customerNumber":2}', "x.jsonl")
    assert [(row.line, row.json) for row in rows] == [(1, b'{"customerNumber":1}\n'), (4, b'{"customerNumber":2}')]


def test_rows_that_are_done_are_left_out_and_keep_their_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + b'1,"Berg\n"\n2,Vik\n3,Lie\n', skip=2)
    assert [(row.line, row.cells) for row in rows] == [(5, ["3", "Lie"])]


def test_a_quote_that_is_not_closed_is_told_with_the_lines_it_took(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + b'1,Berg\n2,"Vik\n3,Lie\n')
    assert [row.line for row in rows] == [2, 3]
    assert rows[1].trouble is not None
    assert rows[1].trouble.startswith("lines 3 to 4 cannot be read")


def test_an_unclosed_quote_takes_no_more_than_a_cell_can_hold(tmp_path: Path) -> None:
    lines = b"".join(b"%d,Berg\n" % number for number in range(2, 20_000))
    rows = read(tmp_path, HEAD + b'1,"Berg\n' + lines)
    assert rows[0].trouble is not None
    assert sum(1 for row in rows if row.trouble is None) > 19_000 - LONGEST_CELL // 7
    assert rows[-1].cells == ["19999", "Berg"]


def test_what_stands_behind_a_quote_is_told_of_its_row(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + b'1,"Berg"x\n2,Vik\n')
    assert [(row.line, row.trouble is None) for row in rows] == [(2, False), (3, True)]


@pytest.mark.parametrize(("name", "head"), [("x.csv", HEAD), ("x.jsonl", b'{"customerNumber":1}\n')])
def test_a_line_that_is_too_long_is_refused_without_being_kept(tmp_path: Path, name: str, head: bytes) -> None:
    rows = read(tmp_path, head + b"x" * (3 * LONGEST_LINE) + b"\n1,Berg\n", name)
    long, after = rows[-2:]
    assert long.trouble is not None
    assert after.trouble is None
    assert after.line == long.line + 1


def test_what_is_no_utf_8_is_told_of_its_row(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + "1,Sjøberg\n".encode("latin-1") + b"2,Vik\n")
    assert [row.line for row in rows] == [2, 3]
    assert rows[0].trouble == "expected UTF-8 without NUL characters"
    assert rows[1].cells == ["2", "Vik"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "expected a header"),
        (b"\n1,2\n", "expected a header"),
        (b"customerNumber,lastname\n", "there is no column 'lastname'"),
        (b"customerNumber,lastName,\n", "there is no column ''"),
        (b"customerNumber,lastName,lastName\n", "the column lastName is there twice"),
        (b"lastName,firstName\n", "expected the column customerNumber, or one such as externalReferences.CRM"),
        (b"customerNumber,externalReferences.\n", "expected a code of 1 to 40 letters"),
        (b"customerNumber,externalReferences.A B\n", "expected a code of 1 to 40 letters"),
        (b'customerNumber,"lastName\n', "the header cannot be read"),
        ("customerNumber;lastName\n1;Dal\n".encode("utf-16"), "expected UTF-8"),
        ("customerNumber;fødselsår\n".encode("latin-1"), "expected UTF-8"),
        (b"x" * (LONGEST_LINE + 5), "expected a header"),
    ],
)
def test_a_head_that_is_wrong_is_told_before_anything_is_done(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(FileError, match="FILE: ") as refused:
        read(tmp_path, content)
    assert told in str(refused.value)


def test_a_file_says_what_it_is_by_its_name_or_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "customers.txt"
    path.write_bytes(HEAD)
    with pytest.raises(FileError, match="--format: expected csv or jsonl"):
        open_source(path, None)
    assert open_source(path, "csv").columns == ["customerNumber", "lastName"]
    assert open_source(path, "jsonl").columns == []
    with pytest.raises(FileError, match="cannot read"):
        open_source(tmp_path, "csv")


@pytest.mark.parametrize(
    ("content", "numbered"),
    [
        (b'{"customerNumber":1}\n{}', True),
        (b'{"name":{}}\n{"customerNumber":1}\n', False),
        (b'{"customerNumber":null}\n', False),
        (b'{"customerNumber":""}\n', False),
        (b'nonsense\n[1]\n{"customerNumber":"x"}\n', True),
        (b"", True),
    ],
)
def test_whether_customers_have_numbers_is_seen_at_the_first_of_them(
    tmp_path: Path, content: bytes, numbered: bool
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    assert open_source(path, None).numbered is numbered
