"""CSV files, workbooks and JSON documents as rows, each with its place in the file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from streams.errors import UserError
from streams.sources.importing.model import Layout


class Row(NamedTuple):
    """A row of a file. ``place``: the line where it begins, from 1; in JSON "record N"."""

    place: str
    columns: Mapping[str, str]


class RowError(Exception):
    """What is wrong with a row, its column named. Without the place: the caller knows it."""


def read_csv(path: Path, layout: Layout, wanted: Mapping[str, str]) -> Iterator[Row]:
    """The rows of the CSV file at ``path``, texts stripped of outer white space.

    ``wanted``: the columns that must be there, each with its reader's name. Raises ``UserError``
    with file:line for a file, header or row that can't be read.
    """
    line = 1
    try:
        with path.open(encoding=layout.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=layout.delimiter, strict=True)
            header = header_of(path, next(reader, []), wanted)
            line = reader.line_num + 1
            for cells in reader:
                if len(cells) == len(header):
                    yield Row(str(line), dict(zip(header, map(str.strip, cells), strict=True)))
                elif cells:
                    raise UserError(
                        f"{path}:{line}: {len(cells)} fields, the header has {len(header)}"
                    )
                line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}:{line}: no CSV: {error}") from error
    except UnicodeError as error:
        raise not_encoded(path, line, layout.encoding, error) from error
    except (OSError, LookupError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError | LookupError) -> UserError:
    """What to tell the user of a file that can't be opened, or whose encoding is none."""
    if isinstance(error, OSError):
        return UserError(f"{path}: cannot be read: {error.strerror}")
    return UserError(f"{path}: {error}; see [file] encoding of the mapping")


def not_encoded(path: Path, line: int, encoding: str, error: UnicodeError) -> UserError:
    """What to tell the user of bytes of another encoding."""
    return UserError(
        f"{path}:{line}: not {encoding} from here on: {error}; see [file] encoding of the mapping"
    )


def header_of(path: Path, cells: Iterable[str], wanted: Mapping[str, str]) -> list[str]:
    """The columns' names; those that are there several times with `#1`, `#2` … behind them.

    Raises ``UserError`` when the file is empty, or has not the ``wanted`` ones, each once.
    """
    names = [name.strip() for name in cells]
    if not names:
        raise UserError(f"{path}:1: the file is empty or begins so; a header row is expected")
    if twice := [name for name in wanted if names.count(name) > 1]:
        raise UserError(
            f"{path}:1: column '{twice[0]}' is there twice; write '{twice[0]}#1' for the first"
        )
    header = _numbered(names)
    if missing := [name for name in wanted if name not in header]:
        hint = ""
        if other := [sign for sign in ";\t," if len(header) == 1 and sign in header[0]]:
            hint = f". {other[0]!r} may be what stands between them: [file] delimiter says so"
        raise UserError(
            f"{path}:1: no column '{missing[0]}', which the mapping's {wanted[missing[0]]} reads; "
            f"there are {', '.join(header)}{hint}"
        )
    return header


def _numbered(names: list[str]) -> list[str]:
    count, seen = Counter(names), Counter[str]()
    header = []
    for name in names:
        seen[name] += 1
        header.append(f"{name}#{seen[name]}" if count[name] > 1 else name)
    return header


class LookupTable:
    """A second file, by its key column."""

    def __init__(self, rows: Mapping[str, Mapping[str, str]], lenient: bool, name: str) -> None:
        self._rows = rows
        self._lenient = lenient
        self._name = name

    @classmethod
    def of(cls, rows: Iterable[Row], path: Path, key: str, lenient: bool) -> LookupTable:
        """The ``rows`` of the file at ``path`` by their ``key``.

        Raises ``UserError`` for a key that is there twice.
        """
        found: dict[str, Mapping[str, str]] = {}
        for row in rows:
            name = row.columns[key]
            if name in found:
                raise UserError(f"{path}:{row.place}: {key} '{name}' is there twice")
            found[name] = row.columns
        return cls(found, lenient, path.name)

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
