"""CSV files as rows with their line numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from streams.errors import UserError


class Row(NamedTuple):
    """A row of a CSV file. ``line``: where it begins, from 1; the header has its own."""

    line: int
    columns: Mapping[str, str]


class RowError(Exception):
    """What is wrong with a row, its column named. Without the place: the caller knows it."""


def read_table(
    path: Path, delimiter: str, encoding: str, wanted: Mapping[str, str]
) -> Iterator[Row]:
    """The rows of the CSV file at ``path``, texts stripped of outer white space.

    ``wanted``: the columns that must be there, each with its reader's name. Raises ``UserError``
    with file:line for a file, header or row that can't be read.
    """
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header, wanted)
            line = reader.line_num + 1
            for cells in reader:
                if len(cells) == len(header):
                    yield Row(line, dict(zip(header, map(str.strip, cells), strict=True)))
                elif cells:
                    raise UserError(
                        f"{path}:{line}: {len(cells)} fields, the header has {len(header)}"
                    )
                line = reader.line_num + 1
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except LookupError as error:
        raise UserError(f"{path}: {error}; see [file] encoding of the mapping") from error
    except UnicodeError as error:
        raise UserError(
            f"{path}:{line}: not {encoding} from here on: {error}; see [file] encoding"
        ) from error
    except csv.Error as error:
        raise UserError(f"{path}:{line}: no CSV: {error}") from error


def _check_header(path: Path, header: list[str], wanted: Mapping[str, str]) -> None:
    if not header:
        raise UserError(f"{path}:1: the file is empty; a header row is expected")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise UserError(f"{path}:1: column '{twice[0]}' is there twice")
    if missing := [name for name in wanted if name not in header]:
        raise UserError(
            f"{path}:1: no column '{missing[0]}', which the mapping's {wanted[missing[0]]} reads; "
            f"there are {', '.join(header)}"
        )


class LookupTable:
    """A second CSV file, by its key column."""

    def __init__(self, rows: Mapping[str, Mapping[str, str]], lenient: bool, name: str) -> None:
        self._rows = rows
        self._lenient = lenient
        self._name = name

    @classmethod
    def load(
        cls, path: Path, key: str, columns: Mapping[str, str], lenient: bool, like: tuple[str, str]
    ) -> LookupTable:
        """Read ``path`` (``like``: delimiter, encoding).

        Raises ``UserError`` for a file that can't be read and for a key that is there twice.
        """
        rows: dict[str, Mapping[str, str]] = {}
        for row in read_table(path, *like, {key: "lookup", **columns}):
            found = row.columns[key]
            if found in rows:
                raise UserError(f"{path}:{row.line}: {key} '{found}' is there twice")
            rows[found] = row.columns
        return cls(rows, lenient, path.name)

    def get(self, key: str, column: str) -> str:
        """The text in ``column`` of ``key``'s row; empty for an empty key. Raises ``RowError``."""
        if not key:
            return ""
        row = self._rows.get(key)
        if row is not None:
            return row[column]
        if self._lenient:
            return ""
        raise RowError(f"'{key}' is not in {self._name}")
