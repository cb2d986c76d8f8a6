"""Sheets of Excel workbooks as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception, whatever its letters

from streams.errors import UserError
from streams.sources.importing.model import Layout
from streams.sources.importing.table import Row, header_of, unreadable

_BROKEN: Final = (BadZipFile, ZlibError, ParseError, EOFError, KeyError, ValueError)
"""What openpyxl lets through of the libraries below it."""


def read_sheet(path: Path, layout: Layout, wanted: Mapping[str, str]) -> Iterator[Row]:
    """The rows of a sheet below its header, as texts; dates and times as in ISO 8601.

    Raises ``UserError`` for a file that is no workbook, a missing sheet or column.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as stream:
            book = load_workbook(stream, read_only=True, data_only=True)
            sheet = _sheet(path, book, layout.sheet)
            # Not every writer says truly how large a sheet is.
            sheet.reset_dimensions()
            yield from _rows(path, sheet.iter_rows(values_only=True), wanted)
    except (InvalidFileException, *_BROKEN) as error:
        raise UserError(f"{path}: no Excel workbook (.xlsx), or a broken one: {error}") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _sheet(path: Path, book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}  # charts are no worksheets
    for title, sheet in sheets.items():
        if name in (None, title):
            return sheet
    there = ", ".join(f"'{title}'" for title in sheets) or "none"
    raise UserError(f"{path}: no sheet '{name or ''}'; there are {there}. See [file] sheet")


def _rows(path: Path, cells: Iterator[tuple[Any, ...]], wanted: Mapping[str, str]) -> Iterator[Row]:
    header = header_of(path, _trimmed(next(cells, ())), wanted)
    for number, row in enumerate(cells, 2):
        texts = _trimmed(row)
        if len(texts) > len(header):
            raise UserError(f"{path}:{number}: {len(texts)} cells, the header has {len(header)}")
        if texts:
            texts += [""] * (len(header) - len(texts))
            yield Row(str(number), dict(zip(header, texts, strict=True)))


def _trimmed(row: tuple[Any, ...]) -> list[str]:
    """The cells' texts, without the empty ones at the end."""
    texts = [_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
