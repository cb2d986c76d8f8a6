"""Workbooks as rows, and columns that have one name."""

from __future__ import annotations

import warnings
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from streams.errors import UserError
from streams.sources.importing.model import Layout
from streams.sources.importing.source import read_table
from streams.sources.importing.table import Row
from tests.data import ROOT
from tests.sources.importing import NOON, REPORTS, Outcome, outcome

SAMPLE = ROOT / "docs" / "examples" / "import" / "vote-monitor-quick-reports.xlsx"


def written(path: Path, *rows: list[Any], sheet: str = "reports") -> Path:
    """A workbook with an empty first sheet, and one of these rows."""
    book = openpyxl.Workbook()
    made = book.create_sheet(sheet)
    for row in rows:
        made.append(row)
    book.save(path)
    return path


def sheet_of(path: Path, *wanted: str, sheet: str | None = "reports") -> list[Row]:
    """Its rows."""
    layout = Layout(format="xlsx", sheet=sheet)
    return list(read_table(path, layout, dict.fromkeys(wanted, "test")))


def test_cells_are_texts(tmp_path: Path) -> None:
    """Dates as in ISO 8601, whole numbers without a point; empty rows are none."""
    path = written(
        tmp_path / "r.xlsx",
        ["a", " b ", "c", "d", "e", "f"],
        [" x ", 3, 3.0, 14.25, True, None],
        [],
        [datetime(2023, 3, 19, 9, 5), date(2023, 3, 19), time(9, 5), None, "z", None],  # noqa: DTZ001
    )
    first, last = sheet_of(path, "b")
    assert first == Row("2", {"a": "x", "b": "3", "c": "3", "d": "14.25", "e": "true", "f": ""})
    assert last.place == "4"
    assert [*last.columns.values()] == [
        "2023-03-19T09:05:00", "2023-03-19T00:00:00", "09:05:00", "", "z", "",
    ]  # fmt: skip


def test_a_workbook_is_imported_like_a_table(tmp_path: Path) -> None:
    """With a wrong row's number."""
    head = ["id", "time", "region", "category"]
    rows = [["1", NOON, "XX-A", "procedures"], ["2", NOON, "XX-Z", "procedures"]]
    path = written(tmp_path / "r.xlsx", head, *rows)
    done = Outcome(path, '[file]\nformat = "xlsx"\nsheet = "reports"\n' + REPORTS)
    assert [event["id"] for event in done.events] == ["1"]
    assert done.complaints == [f"{path}:3: unknown_region: data.region: 'XX-Z'"]


def test_the_sample_is_what_the_mapping_says(tmp_path: Path) -> None:
    """The columns of the exporter, in its order; the first sheet is the one that is named."""
    by_name = sheet_of(SAMPLE, sheet="quick-reports")
    assert by_name == sheet_of(SAMPLE, sheet=None)
    assert [*by_name[0].columns][:4] == [
        "QuickReportId", "TimeSubmitted", "FollowUpStatus", "IncidentCategory",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"id,time\n", b"PK\x03\x04 and no more"])
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes) -> None:
    """With the file."""
    path = tmp_path / "r.xlsx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"r\.xlsx: no Excel workbook"):
        sheet_of(path)


def test_an_archive_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    """Nor one whose sheet is broken."""
    path = tmp_path / "r.xlsx"
    with ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(UserError, match="no Excel workbook"):
        sheet_of(path)
    whole = written(tmp_path / "w.xlsx", ["a"], ["1"])
    with ZipFile(whole) as old, ZipFile(path, "w") as archive:
        for name in old.namelist():
            content = old.read(name)
            archive.writestr(name, content[:-30] if name.endswith("sheet2.xml") else content)
    with pytest.raises(UserError, match="or a broken one"):
        sheet_of(path)


def test_sheets_and_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    """With those that are."""
    path = written(tmp_path / "r.xlsx", ["a", "b"], ["1", "2", "3"])
    with pytest.raises(UserError, match="no sheet 'x'; there are 'Sheet', 'reports'"):
        sheet_of(path, sheet="x")
    with pytest.raises(UserError, match=r":1: no column 'c', which the mapping's test reads"):
        sheet_of(path, "c")
    with pytest.raises(UserError, match=r":2: 3 cells, the header has 2"):
        sheet_of(path, "a")
    with pytest.raises(UserError, match=r":1: the file is empty"):
        sheet_of(path, sheet="Sheet")
    with pytest.raises(UserError, match="cannot be read"):
        sheet_of(tmp_path / "none.xlsx")


def test_columns_of_one_name_are_numbered(tmp_path: Path) -> None:
    """Those that a mapping does not read do no harm; one that it reads has to be named."""
    header = "id,time,region,Notes,category,Notes"
    row = f"1,{NOON},XX-A,first,procedures,second"
    (data,) = outcome(tmp_path, REPORTS, header, row).data
    assert "description" not in data
    noted = REPORTS + 'description = { column = "Notes#2" }\n'
    assert outcome(tmp_path, noted, header, row).data[0]["description"] == "second"
    with pytest.raises(UserError, match=r"'Notes' is there twice; write 'Notes#1' for the first"):
        outcome(tmp_path, noted.replace("#2", ""), header, row)


def test_reading_leaves_no_file_open(tmp_path: Path) -> None:
    """Even when nobody reads to the end."""
    path = written(tmp_path / "r.xlsx", ["a"], ["1"], ["2"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = read_table(path, Layout(format="xlsx", sheet="reports"), {"a": "test"})
        assert next(rows).columns == {"a": "1"}
        rows.close()  # type: ignore[attr-defined]
