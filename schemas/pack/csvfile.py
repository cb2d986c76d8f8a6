"""CSV files of a pack: rows with true line numbers, and cells that say what is wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

from schemas.fields import MAX_COUNT, Code, PlaceId, RegionCode, UriReference
from schemas.pack.problems import Problems


def _pattern(annotated: Any) -> re.Pattern[str]:
    """The pattern that schemas.fields gives a kind of code."""
    return re.compile(get_args(annotated)[1].pattern)


REGION: Final = _pattern(RegionCode)
PLACE: Final = _pattern(PlaceId)
CODE: Final = _pattern(Code)
SOURCE: Final = _pattern(UriReference)

_DIGITS: Final = re.compile(r"[0-9]{1,10}")
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")
_MAX_NAME: Final = 500


class Columns(NamedTuple):
    """The header that a file must have, and what it may have; any order."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


class Row:
    """One row. Its methods return a cell's value, or note what is wrong with it."""

    __slots__ = ("_cells", "_file", "_places", "line", "ok")

    def __init__(
        self, file: CsvFile, line: int, places: Mapping[str, int], cells: list[str]
    ) -> None:
        self._file = file
        self._places = places
        self._cells = cells
        self.line = line
        self.ok = True

    def fault(self, field: str, message: str) -> None:
        """Note what is wrong with a cell."""
        self.ok = False
        self._file.problems.add(self._file.name, self.line, f"{field}: {message}")

    def raw(self, field: str) -> str:
        """The cell as it stands; empty where the column is not there."""
        return self._cells[self._places[field]]

    def code(self, field: str, pattern: re.Pattern[str]) -> str:
        """A code; it must not be empty."""
        value = self.raw(field)
        if pattern.fullmatch(value) is None:
            what = f"{value!r} does not fit {pattern.pattern}" if value else "is empty"
            self.fault(field, what)
        return value

    def key(self, field: str, pattern: re.Pattern[str], known: Collection[str]) -> str:
        """A code that no earlier row has."""
        value = self.code(field, pattern)
        if value in known:
            line = self._file.first_line((field,), (value,))
            self.fault(field, f"'{value}' is there already, on line {line}")
        return value

    def known(self, field: str, known: Mapping[str, Any] | None, what: str) -> str:
        """A reference to something that must exist; unchecked where nothing could be read."""
        value = self.raw(field)
        if known is not None and value not in known:
            self.fault(field, f"{value!r} is no {what} of this pack" if value else "is empty")
        return value

    def text(self, field: str, *, optional: bool = False) -> str:
        """Text on one line."""
        value = self.raw(field)
        if not value.strip():
            if not optional:
                self.fault(field, "is empty")
        elif not value.isprintable() or len(value) > _MAX_NAME:
            self.fault(field, f"must be text on one line of at most {_MAX_NAME} characters")
        return value

    def count(self, field: str) -> int | None:
        """A whole number, or None for an empty cell."""
        value = self.raw(field)
        if not value:
            return None
        if _DIGITS.fullmatch(value) is not None:
            count = int(value)
            if count <= MAX_COUNT:
                return count
        self.fault(field, f"{value!r} is no whole number from 0 to {MAX_COUNT}")
        return None

    def degrees(self, field: str, limit: int) -> float | None:
        """Degrees of latitude or longitude, or None for an empty cell."""
        value = self.raw(field)
        if not value:
            return None
        if _DEGREES.fullmatch(value) is not None:
            degrees = float(value)
            if -limit <= degrees <= limit:
                return degrees
        self.fault(field, f"{value!r} is not in degrees from -{limit} to {limit}")
        return None

    def choice(self, field: str, choices: Sequence[str], *, optional: bool = False) -> str | None:
        """One of a closed list, or None for an empty cell where that is allowed."""
        value = self.raw(field)
        if value in choices:
            return value
        if value or not optional:
            self.fault(field, f"{value!r} is none of {', '.join(choices)}")
        return None


class CsvFile:
    """One CSV file of a pack."""

    __slots__ = ("_first", "columns", "name", "problems", "text")

    def __init__(self, name: str, text: str, columns: Columns, problems: Problems) -> None:
        self.name = name
        self.text = text
        self.columns = columns
        self.problems = problems
        self._first: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}

    def rows(self) -> Iterator[Row]:
        """The rows below the header; those with a wrong number of cells are noted, not given."""
        header: list[str] = []
        places: dict[str, int] = {}
        for line, cells in self._lines():
            if not header:
                header = cells
                if not self._good_header(line, header):
                    return
                # Columns that are not there are read from an empty cell at the end.
                absent = dict.fromkeys(self.columns.optional, len(header))
                places = absent | {name: place for place, name in enumerate(header)}
            elif len(cells) != len(header):
                message = f"has {len(cells)} cells where the header has {len(header)}"
                self.problems.add(self.name, line, message)
            else:
                cells.append("")
                yield Row(self, line, places, cells)
        if not header:
            wanted = ",".join(self.columns.required)
            self.problems.add(self.name, 1, f"is empty; its first line must be {wanted}")

    def first_line(self, fields: tuple[str, ...], values: tuple[str, ...]) -> int:
        """The first line whose ``fields`` hold ``values``. Made once, when something is doubled."""
        if fields not in self._first:
            index: dict[tuple[str, ...], int] = {}
            lines = self._lines()
            header = next(lines)[1]
            places = [header.index(field) for field in fields]
            for line, cells in lines:
                if len(cells) == len(header):
                    index.setdefault(tuple(cells[place] for place in places), line)
            self._first[fields] = index
        return self._first[fields][values]

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, with the line each begins on."""
        reader = csv.reader(io.StringIO(self.text, newline=""), strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            # Noted once, though a file is read again for first_line.
            if not any(p.file == self.name and p.line == line for p in self.problems.found):
                self.problems.add(self.name, line, f"not CSV: {error}")

    def _good_header(self, line: int, header: list[str]) -> bool:
        allowed = (*self.columns.required, *self.columns.optional)
        faults = [f"{name}: unknown column" for name in header if name not in allowed]
        faults += [
            f"{name}: column is missing" for name in self.columns.required if name not in header
        ]
        faults += [
            f"{name}: column is there twice"
            for name in sorted(set(header))
            if header.count(name) > 1
        ]
        for fault in faults:
            self.problems.add(self.name, line, fault)
        return not faults
