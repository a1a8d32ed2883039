"""CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from crawler.extraction.charset import decode
from crawler.importers import Row, check_zip
from crawler.importers.columns import recognised
from huiyin.errors import HuiyinError, UsageError
from huiyin.settings import Settings

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_HEAD_ROWS = 15
_DELIMITERS = ",\t;，|"


def read(path: Path, settings: Settings) -> Iterator[Row]:
    """Rows as dicts by the names in the head row, which may stand below a banner. Blank rows are passed over."""
    lines = _sheet(path, settings) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path)
    yield from _with_head(lines, path.name)


def _csv(path: Path) -> Iterator[tuple[int, list[Any]]]:
    text, _ = decode(path.read_bytes())
    text = text.removeprefix("\ufeff").replace("\x00", "")
    head = text.split("\n", 1)[0]
    if head.lower().startswith("sep=") and len(head.strip()) == 5:
        delimiter, text = head[4], text.split("\n", 1)[1]
    else:
        sample = "\n".join(text.split("\n", _HEAD_ROWS)[:_HEAD_ROWS])
        delimiter = max(
            _DELIMITERS,
            key=lambda char: (recognised(sample.split("\n", 1)[0].split(char)), sample.count(char)),
        )
    csv.field_size_limit(32_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise HuiyinError(f"{path.name}, line {reader.line_num}: not CSV: {error}") from error


def _sheet(path: Path, settings: Settings) -> Iterator[tuple[int, list[Any]]]:
    import openpyxl

    check_zip(path, settings)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its parts raise: all mean a damaged workbook
        raise UsageError(
            f"{path.name}: cannot be read as a workbook ({type(error).__name__}: {error})"
        ) from error
    try:
        for sheet in book.worksheets:
            # Some exporters write a wrong size, under which read-only mode shows one cell.
            sheet.reset_dimensions()
            yield from _cells(sheet, path.name)
            yield 0, []
    finally:
        book.close()


def _cells(sheet: Any, name: str) -> Iterator[tuple[int, list[Any]]]:
    """A sheet's rows; read-only mode reads it only now, so damage in it shows only now."""
    rows = enumerate(sheet.iter_rows(values_only=True), 1)
    while True:
        try:
            number, cells = next(rows)
        except StopIteration:
            return
        except Exception as error:  # as above: whatever its parts raise
            raise UsageError(
                f"{name}: the sheet {sheet.title!r} is damaged ({type(error).__name__}: {error})"
            ) from error
        yield number, list(cells)


def _with_head(lines: Iterable[tuple[int, list[Any]]], name: str) -> Iterator[Row]:
    """Rows under their head, sheet by sheet. UsageError where no sheet has a row."""
    top: list[tuple[int, list[Any]]] = []
    head: list[str] = []
    empty = True
    for number, cells in lines:
        if number == 0:  # the end of a sheet
            yield from _named(*_split(top))
            top, head = [], []
            continue
        empty = empty and not any(_cell(cell) for cell in cells)
        if head:
            yield from _named(head, [(number, cells)])
            continue
        top.append((number, cells))
        if recognised(cells) >= 2 or len(top) == _HEAD_ROWS:
            head, rest = _split(top)
            yield from _named(head, rest)
            top = []
    yield from _named(*_split(top))
    if empty:
        raise UsageError(f"{name}: the file is empty")


def _split(rows: list[tuple[int, list[Any]]]) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """(head, rows under it): the row with the most known names, else the first with two filled cells, is the head."""
    if not rows:
        return [], []
    best = max(range(len(rows)), key=lambda i: (recognised(rows[i][1]), -i))
    if not recognised(rows[best][1]):
        best = next((i for i, (_, cells) in enumerate(rows) if sum(bool(_cell(c)) for c in cells) >= 2), 0)
    return [_cell(cell) for cell in rows[best][1]], rows[best + 1 :]


def _named(head: list[str], rows: list[tuple[int, list[Any]]]) -> Iterator[Row]:
    for number, cells in rows:
        row = {name: value for name, value in zip(head, cells, strict=False) if name}
        if any(_cell(value) for value in row.values()):
            yield f"第 {number} 行", row


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip()
