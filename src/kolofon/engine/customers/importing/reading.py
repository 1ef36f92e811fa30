"""Taking a file apart, row by row, however large it is."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from kolofon.engine.customers.importing.rows import COLUMNS, REFERENCE_COLUMN
from kolofon.engine.customers.references import REFERENCE_CODE_FORM, checked_reference_code
from kolofon.failures import Failure

Format = Literal["csv", "jsonl"]
LONGEST_LINE = 2**20
LONGEST_CELL = 2**16
_TOO_LONG = f"a line has {LONGEST_LINE:,} bytes at most"
NOT_STORABLE = "expected UTF-8 without NUL characters"
_BOM = b"\xef\xbb\xbf"
FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
csv.field_size_limit(LONGEST_CELL)


class FileError(Failure):
    """A file cannot be imported at all; the message is one line for a person."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file to import. `columns`: of a table. `numbered`: its customers have numbers of their own."""

    path: Path
    format: Format
    size: int
    file_hash: bytes
    columns: list[str]
    delimiter: str
    numbered: bool


class RawRow(msgspec.Struct, frozen=True, array_like=True):
    """A row as it stands in the file, and the line it begins in: cells of a table, or JSON, or why it has none."""

    line: int
    cells: list[str] | None = None
    json: bytes | None = None
    trouble: str | None = None


def open_source(path: Path, wanted: Format | None) -> Source:
    """What a file is. Raises FileError for one that cannot be read, or whose head is wrong."""
    file_format = wanted or FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise FileError(f"--format: expected csv or jsonl, since the name {path.name} does not end so")
    try:
        with path.open("rb") as file:
            file_hash = hashlib.file_digest(file, "sha256").digest()
            size = file.tell()
            file.seek(0)
            columns, delimiter = _header(file) if file_format == "csv" else ([], "")
            numbered = "customerNumber" in columns if file_format == "csv" else _has_numbers(file)
    except OSError as error:
        raise FileError(f"FILE: cannot read {path}: {error.strerror}") from None
    return Source(
        path=path,
        format=file_format,
        size=size,
        file_hash=file_hash,
        columns=columns,
        delimiter=delimiter,
        numbered=numbered,
    )


def read_rows(source: Source, file: BinaryIO, skip: int) -> Iterator[RawRow]:
    """The rows behind the first `skip`. What has nothing in it is no row."""
    rows = _read_table(source, file) if source.format == "csv" else _read_json(file)
    for number, row in enumerate(rows):
        if number >= skip:
            yield row


def _read_json(file: BinaryIO) -> Iterator[RawRow]:
    for number, line in _lines(file):
        if line is None:
            yield RawRow(number, trouble=_TOO_LONG)
        elif line.strip():
            yield RawRow(number, json=line)


def _read_table(source: Source, file: BinaryIO) -> Iterator[RawRow]:
    lines = _TableLines(file)
    reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
    next(reader)  # the header
    while True:
        begins = lines.begin_row()
        try:
            cells = next(reader, None)
        except csv.Error:
            where = f"lines {begins} to {lines.number}" if lines.number > begins else "the line"
            yield RawRow(begins, trouble=f"{where} cannot be read: a quote is not closed, or the text is too long")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            is_utf_8 = all(map(_is_utf_8, cells))
            yield RawRow(begins, cells=cells) if is_utf_8 else RawRow(begins, trouble=NOT_STORABLE)


def _is_utf_8(cell: str) -> bool:
    """Whether it was; what was not has become halves of pairs of UTF-16."""
    return cell.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in cell)


class _TableLines(Iterator[str]):
    """The lines of a table, for a reader that asks for more of them as long as a quote is open.

    All lines of a row are no longer than one may be: quotes that are never closed could take in the whole file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.number = 0  # of the line that was read last
        self._lines = _lines(file)
        self._left = LONGEST_LINE

    def begin_row(self) -> int:
        """The line in which the next row begins."""
        self._left = LONGEST_LINE
        return self.number + 1

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        self._left -= len(line) if line is not None else LONGEST_LINE + 1
        if line is None or self._left < 0:
            raise csv.Error(_TOO_LONG)
        # What is no UTF-8 is told of its row, and not of the file.
        return line.decode("utf-8", "surrogateescape")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines with their numbers; None for one that is too long to be a row."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) <= LONGEST_LINE:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)
        yield number, None


def _header(file: BinaryIO) -> tuple[list[str], str]:
    try:
        text = next((line for _, line in _lines(file) if line is not None), b"").decode()
    except UnicodeDecodeError:
        raise FileError("FILE: expected UTF-8; in Excel that is CSV UTF-8") from None
    delimiter = ";" if text.count(";") > text.count(",") else ","
    try:
        columns = [column.strip() for column in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise FileError(f"FILE: the header cannot be read: {error}") from None
    if not any(columns):
        raise FileError("FILE: expected a header with the names of the columns in the first line")
    for column in columns:
        _check_column(column, columns)
    if "customerNumber" not in columns and not any(column.startswith(REFERENCE_COLUMN) for column in columns):
        raise FileError(f"FILE: expected the column customerNumber, or one such as {REFERENCE_COLUMN}CRM")
    return columns, delimiter


def _check_column(column: str, columns: list[str]) -> None:
    if columns.count(column) > 1:
        raise FileError(f"FILE: the column {column or '(without a name)'} is there twice")
    if column.startswith(REFERENCE_COLUMN):
        code = column.removeprefix(REFERENCE_COLUMN)
        if checked_reference_code(code) != code:
            raise FileError(f"FILE: the column {column}: expected a code of {REFERENCE_CODE_FORM}")
    elif column not in COLUMNS:
        raise FileError(f"FILE: there is no column {column!r}; docs/importing.md lists them")


def _has_numbers(file: BinaryIO) -> bool:
    """Whether the first customer of a file has a number: then all of them need one, else none may have one."""
    for row in _read_json(file):
        try:
            members = msgspec.json.decode(row.json or b"null", type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return bytes(members.get("customerNumber", b"null")) not in {b"null", b'""'}
    return True
