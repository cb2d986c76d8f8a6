"""Imports that go on from what was imported before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import Accepted, read
from streams.errors import UserError
from streams.sources.importing.earlier import Earlier
from streams.sources.importing.load import parse_mapping
from streams.sources.importing.run import Import
from tests.packs import small_pack
from tests.sources.importing import NOON, REPORTS

HEADER = "id,time,region,category,n"
ORDERED = "[revision]\norder_of = ['report_id']\n" + REPORTS.replace(
    "revision = { const = 0 }\n", ""
).replace('"{id}"', '"{id}-{@revision}"')
NUMBERED = REPORTS.replace("{ const = 0 }", '{ column = "n", type = "int" }').replace(
    '"{id}"', '"{id}-{@revision}"'
)
"""With a revision of the file's own."""

TYPES = {"election.observer.incident.v1"}
Report = tuple[str, str, str, int]
"""id, region, category, revision."""


class Day:
    """A folder where one export after the other is imported, each going on from the last."""

    def __init__(self, folder: Path, mapping: str) -> None:
        self._folder = folder
        self._rules = parse_mapping(mapping, "m.toml")
        self.log = folder / "log.jsonl"
        self.log.write_text("")
        self.complaints: list[str] = []
        self.notices: list[str] = []

    def export(
        self, *reports: Report, complete: bool = False, most: int | None = None
    ) -> list[dict[str, Any]]:
        """Import these; the data of what is new. ``most``: as in ``Import.withdrawals``."""
        lines = [f"{name},{NOON},{region},{what},{n}" for name, region, what, n in reports]
        path = self._folder / "rows.csv"
        path.write_text("\n".join([HEADER, *lines]))
        earlier = Earlier.load([self.log], self._rules.event.types())
        done = Import(self._rules, {}, small_pack(), self.complaints.append, earlier)
        raw = list(done.events(path))
        raw += done.withdrawals(most) if complete else []
        self.notices = done.summary.notices
        assert all(isinstance(read(line, None, small_pack()), Accepted) for line in raw)
        with self.log.open("ab") as log:
            log.writelines(line + b"\n" for line in raw)
        return [json.loads(line)["data"] for line in raw]

    def standing(self) -> dict[tuple[str, str], str]:
        """The category of what is not withdrawn, by report and region, as a reader sees it."""
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for event in map(json.loads, self.log.read_text().splitlines()):
            data = event["data"]
            place = (data["report_id"], data["region"])
            assert place not in newest or data["revision"] > newest[place]["revision"]
            newest[place] = data
        return {k: d["category"] for k, d in newest.items() if not d.get("withdrawn")}


exports = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.tuples(st.sampled_from(["XX-A", "XX-B"]), st.sampled_from(["procedures", "tampering"])),
        # An export of nothing withdraws nothing: there is a test of its own for that.
        min_size=1,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exports)
def test_after_each_export_the_log_says_what_it_says(
    tmp_path: Path, days: list[dict[str, tuple[str, str]]]
) -> None:
    """Whatever was added, changed, moved, taken out or brought back since the one before."""
    day = Day(tmp_path, ORDERED)
    for export in days:
        reports = [(name, region, what, 0) for name, (region, what) in export.items()]
        day.export(*reports, complete=True)
        assert day.standing() == {(n, region): what for n, (region, what) in export.items()}
        assert day.export(*reports, complete=True) == []
    assert day.complaints == []
    ids = [json.loads(line)["id"] for line in day.log.read_text().splitlines()]
    assert len(set(ids)) == len(ids)


def test_revisions_of_the_files_own_stay_what_they_are(tmp_path: Path) -> None:
    """An older export is left out; a move withdraws; one revision with two contents is wrong."""
    day = Day(tmp_path, NUMBERED)
    assert [d["revision"] for d in day.export(("a", "XX-A", "procedures", 3))] == [3]
    assert day.export(("a", "XX-A", "tampering", 2)) == []
    assert [d["revision"] for d in day.export(("a", "XX-A", "tampering", 7))] == [7]
    moved = day.export(("a", "XX-B", "tampering", 9))
    assert [(d["region"], d["revision"], d.get("withdrawn")) for d in moved] == [
        ("XX-A", 9, True),
        ("XX-B", 9, None),
    ]
    assert day.export(("a", "XX-B", "procedures", 9)) == []
    assert day.complaints == [
        f"{tmp_path}/rows.csv:2: revision 9 of report 'a' was imported before with another content"
    ]


def test_an_older_export_withdraws_nothing(tmp_path: Path) -> None:
    """What it lacks is what was reported since. Whether it is older, an older version tells."""
    day = Day(tmp_path, NUMBERED)
    day.export(("a", "XX-A", "procedures", 7), ("b", "XX-A", "procedures", 0))
    assert day.export(("a", "XX-A", "tampering", 3), complete=True) == []
    assert day.standing().keys() == {("a", "XX-A"), ("b", "XX-A")}
    gone = day.export(("a", "XX-A", "procedures", 7), complete=True)
    assert [(d["report_id"], d["revision"]) for d in gone] == [("b", 1)]


@pytest.mark.parametrize(("count", "few"), [(15, 10), (250, 25)])
def test_more_than_a_few_are_not_withdrawn_without_a_word(
    tmp_path: Path, count: int, few: int
) -> None:
    """A file cut off at the end of a line: nothing is withdrawn until somebody says it is right."""
    day = Day(tmp_path, ORDERED)
    reports: list[Report] = [(f"r{n}", "XX-A", "procedures", 0) for n in range(count)]
    day.export(*reports)
    cut = reports[few + 1 :]
    assert day.export(*cut, complete=True) == []
    told = f"nothing was withdrawn: of {count} reports {few + 1} are no longer in the files"
    assert day.notices[-1].startswith(told)
    assert day.notices[-1].endswith(f"--withdraw-at-most {few + 1}")
    assert day.export(*reports, complete=True, most=0) == []
    assert len(day.export(*reports[few:], complete=True)) == few
    assert day.export(*reports[few + 1 :], complete=True, most=0) == []
    assert len(day.export(*reports[few + 1 :], complete=True, most=1)) == 1
    assert len(day.standing()) == count - few - 1


def test_what_was_withdrawn_as_gone_comes_back(tmp_path: Path) -> None:
    """As it was, above the revision that withdrew it, however often; an older version does not."""
    day = Day(tmp_path, NUMBERED)
    both = (("a", "XX-A", "procedures", 7), ("b", "XX-A", "procedures", 5))
    day.export(*both)
    for withdrawn in (6, 8):
        gone = day.export(both[0], complete=True)
        assert [(d["report_id"], d["revision"]) for d in gone] == [("b", withdrawn)]
        older = ("b", "XX-A", "tampering", 4)
        assert day.export(both[0], older, complete=True) == []
        assert day.export(*both) == []
        back = day.export(*both, complete=True)
        assert [(d["report_id"], d["revision"]) for d in back] == [("b", withdrawn + 1)]
        assert day.standing().keys() == {("a", "XX-A"), ("b", "XX-A")}
        assert day.export(*both, complete=True) == []
    edited = day.export(both[0], ("b", "XX-B", "tampering", 60), complete=True)
    assert [(d["region"], d["revision"]) for d in edited] == [("XX-A", 60), ("XX-B", 60)]
    assert day.complaints == []


def test_a_wrong_row_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    """Nothing is withdrawn until all rows are right."""
    day = Day(tmp_path, ORDERED)
    day.export(("a", "XX-A", "procedures", 0), ("b", "XX-A", "procedures", 0))
    assert day.export(("a", "XX-Z", "procedures", 0), complete=True) == []
    assert day.standing().keys() == {("a", "XX-A"), ("b", "XX-A")}
    gone = day.export(("a", "XX-A", "procedures", 0), complete=True)
    assert [(d["report_id"], d["revision"], d["withdrawn"]) for d in gone] == [("b", 1, True)]


@pytest.mark.parametrize(
    "line",
    ["", "no JSON", "[]", '{"data": {"report_id": "a"}}', '{"source": "s", "type": "t"}'],
)
def test_what_no_import_wrote_is_told_by_line(tmp_path: Path, line: str) -> None:
    """Official figures too: they are no reports."""
    path = tmp_path / "log.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(UserError, match=r"log\.jsonl:1: no event of an observer's report"):
        Earlier.load([path], TYPES)


def test_what_another_mapping_wrote_is_no_import_before(tmp_path: Path) -> None:
    """With --complete all of its reports would be withdrawn, as this one's files have none."""
    day = Day(tmp_path, ORDERED)
    day.export(("a", "XX-A", "procedures", 0))
    assert list(Earlier.load([day.log], TYPES).versions())
    with day.log.open("a") as log:
        event = json.loads(day.log.read_text())
        log.write(json.dumps(event | {"type": "election.observer.visit.v1"}) + "\n")
    told = r"log\.jsonl:2: election\.observer\.visit\.v1, of which this mapping writes none"
    with pytest.raises(UserError, match=told):
        Earlier.load([day.log], TYPES)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Or is no text."""
    with pytest.raises(UserError, match="cannot be read"):
        Earlier.load([tmp_path / "none"], TYPES)
    (tmp_path / "bytes").write_bytes(b"\xff\n")
    with pytest.raises(UserError, match="not UTF-8"):
        Earlier.load([tmp_path / "bytes"], TYPES)
