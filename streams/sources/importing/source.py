"""A file to be imported, of any format, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from streams.errors import UserError
from streams.sources.importing.json_stream import JsonError, JsonRecords
from streams.sources.importing.model import Layout
from streams.sources.importing.model import Mapping as Rules
from streams.sources.importing.records import Records
from streams.sources.importing.table import (
    Row,
    RowError,
    not_encoded,
    read_csv,
    unreadable,
)
from streams.sources.importing.workbook import read_sheet


class Source:
    """The files of one import.

    ``unseen``: columns that the mapping reads and no record has had so far (of JSON alone, whose
    records leave out what was not answered).
    """

    def __init__(self, rules: Rules) -> None:
        self._spec = rules.file
        self._wanted = rules.reads()
        self._records = Records(rules.repeat.path if rules.repeat else None, rules.keyed)
        self.unseen = set(self._wanted) if rules.file.format == "json" else set()
        self._last = rules.file.more is None
        self._read: set[int] = set()
        self._total: int | None = None

    def unfinished(self) -> str:
        """Why the files read by now are not all of the export; empty when nothing says so."""
        if not self._last:
            return f"there is another page: '{self._spec.more}' is filled in the file"
        if self._spec.total is None:
            return ""
        if self._total is None:
            return f"there may be other pages: no '{self._spec.total}' says how many records it has"
        # Of different records: a page that was given twice is not another one.
        if len(self._read) < self._total:
            return f"there are other pages: the export has {self._total:,} records"
        return ""

    def rows(self, path: Path) -> Iterator[tuple[str, list[Row] | RowError]]:
        """The records of the file at ``path``: the place, and the rows or what is wrong with it.

        Raises ``UserError`` for a file that can't be read.
        """
        if self._spec.format != "json":
            for row in read_table(path, self._spec, self._wanted):
                yield row.place, [row]
            return
        document = _Document(path, self._spec)
        for number, record in enumerate(document, 1):
            if self._spec.total is not None:
                self._read.add(hash(repr(record)))
            place = f"record {number}"
            try:
                yield place, [self._whole(place, row) for row in self._records.rows(record)]
            except RowError as error:
                yield place, error
        self._last = self._last or not document.beside.get(self._spec.more or "")
        total = str(document.beside.get(self._spec.total or ""))
        if total.isdecimal() and len(total) < 20:
            self._total = max(self._total or 0, int(total))

    def _whole(self, place: str, columns: dict[str, str]) -> Row:
        """The row, with an empty text in each column that its record leaves out."""
        if self.unseen:
            self.unseen = {name for name in self.unseen if not _within(name, columns)}
        for name in self._wanted:
            columns.setdefault(name, "")
        return Row(place, columns)


def _within(name: str, columns: Mapping[str, str]) -> bool:
    """Whether the record has the column, or an empty object that it would be in."""
    return name in columns or name.rpartition("/")[0] in columns


def read_table(path: Path, layout: Layout, wanted: Mapping[str, str]) -> Iterator[Row]:
    """The rows of a second file, or of a first one without repeats. Raises ``UserError``."""
    if layout.format == "csv":
        yield from read_csv(path, layout, wanted)
    elif layout.format == "xlsx":
        yield from read_sheet(path, layout, wanted)
    else:
        flat = Records(None, {})
        for number, record in enumerate(_Document(path, layout), 1):
            try:
                (columns,) = flat.rows(record)
            except RowError as error:
                raise UserError(f"{path}:record {number}: {error}") from error
            yield Row(f"record {number}", {**dict.fromkeys(wanted, ""), **columns})


class _Document:
    """The records of a JSON file. Raises ``UserError`` as it is read."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout
        self.beside: Mapping[str, object] = {}

    def __iter__(self) -> Iterator[object]:
        read = 0
        try:
            with self._path.open(encoding=self._layout.encoding) as stream:
                records = JsonRecords(stream, self._layout.records)
                for record in records:
                    read += 1
                    yield record
                self.beside = records.beside
        except JsonError as error:
            after = f" (after record {read})" if read else ""
            raise UserError(f"{self._path}:{error.line}: {error}{after}") from error
        except UnicodeError as error:
            raise not_encoded(self._path, 1, self._layout.encoding, error) from error
        except (OSError, LookupError) as error:
            raise unreadable(self._path, error) from error
