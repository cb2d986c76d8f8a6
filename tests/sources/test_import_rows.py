"""Rows to events: splitting, revisions, lookups, filters, identity, errors."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import Accepted, read
from streams.errors import UserError
from tests.packs import small_pack
from tests.sources.importing import NOON, REPORTS, TURNOUT, Outcome, outcome

HEADER = "id,time,region,category"
SPLIT = """\
[split]
column = "categories"
pattern = '(?P<when>[a-z]+):(?P<what>[a-z_]+)'
empty = { part = "", when = "unknown", what = "procedures" }

[event]
source = "urn:test:citizen"
id = "{id}-{what}"
time = "time"
type = { column = "what", map = { rights = "election.observer.restriction.v1" }, \
default = "election.observer.incident.v1" }

[fields]
report_id = { template = "{id}-{what}" }
revision = { const = 0 }
region = { const = "XX-A" }
observer_group = { const = "citizen" }
phase = { column = "when", map = { before = "pre_election", during = "voting" }, \
default = "unknown" }
category = { column = "what", only_for = ["election.observer.incident.v1"] }
kind = { const = "other", only_for = ["election.observer.restriction.v1"] }
"""
ORDERED = "[revision]\norder_of = ['report_id']\n" + REPORTS.replace(
    "revision = { const = 0 }\n", ""
).replace('"{id}"', '"{id}-{@revision}"')
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_row_becomes_one_event(tmp_path: Path) -> None:
    """Which a reader of the log accepts; its subject is its report."""
    done = outcome(tmp_path, REPORTS, HEADER, f"r1,{NOON},XX-A,procedures")
    (event,) = done.events
    assert event["id"] == event["subject"] == event["data"]["report_id"] == "r1"
    assert event["election"] == "test-2030"
    assert isinstance(read(done.raw[0], None, small_pack()), Accepted)


def test_times_without_offset_can_be_the_packs(tmp_path: Path) -> None:
    """Only where the mapping says so; the test election's zone is UTC."""
    row = "r1,2030-06-02 12:00,XX-A,procedures"
    local = '[file]\ntimezone = "pack"\n' + REPORTS
    assert outcome(tmp_path, local, HEADER, row).events[0]["time"] == "2030-06-02T12:00:00Z"
    assert "no timezone" in outcome(tmp_path, REPORTS, HEADER, row).complaints[0]


PARTS = ("before:campaigning", "during:procedures", "during:rights", "before:tampering")


@relaxed
@given(st.lists(st.lists(st.sampled_from(PARTS), unique=True), min_size=1, max_size=5))
def test_a_row_becomes_an_event_for_each_part(tmp_path: Path, rows: list[list[str]]) -> None:
    """Of the type that the part's value says; a row without parts is one event."""
    lines = [f"r{n},{NOON},{'|'.join(parts)}" for n, parts in enumerate(rows)]
    done = outcome(tmp_path, SPLIT, "id,time,categories", *lines)
    assert done.complaints == []
    expected = Counter(
        "restriction" if part == "during:rights" else "incident"
        for parts in rows
        for part in parts or ["unknown:procedures"]
    )
    assert Counter(event["type"].split(".")[2] for event in done.events) == expected
    phases = {"before": "pre_election", "during": "voting", "unknown": "unknown"}
    assert [data["phase"] for data in done.data] == [
        phases[part.split(":")[0]] for parts in rows for part in parts or ["unknown:procedures"]
    ]


def test_a_part_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """With the row's line; no part of the row is taken."""
    lines = [f"r1,{NOON},before:campaigning|odd", f"r2,{NOON},before:campaigning"]
    done = outcome(tmp_path, SPLIT, "id,time,categories", *lines)
    (said,) = done.complaints
    assert "rows.csv:2: column 'categories': 'odd' does not fit" in said
    assert [event["id"] for event in done.events] == ["r2-campaigning"]


def test_a_part_may_not_hide_a_column(tmp_path: Path) -> None:
    """Which of the two a field means would be a guess."""
    done = outcome(tmp_path, SPLIT, "id,time,categories,what", f"r1,{NOON},before:campaigning,x")
    assert "column 'what': [split] makes a column of that name" in done.complaints[0]


@relaxed
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["XX-A", "XX-B"]),
            st.sampled_from(["procedures", "tampering"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_revisions_by_order_of_appearance(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    """The highest revision of a report is its last row; it stands in its last region only."""
    lines = [f"{name},{NOON},{region},{what}" for name, region, what in rows]
    done = outcome(tmp_path, ORDERED, HEADER, *lines)
    assert done.complaints == []
    newest: dict[tuple[str, str], dict[str, object]] = {}
    for data in done.data:
        place = (data["report_id"], data["region"])
        assert place not in newest or data["revision"] > newest[place]["revision"]
        newest[place] = data
    standing = {
        place: data["category"] for place, data in newest.items() if not data.get("withdrawn")
    }
    assert standing == {
        (name, region): what
        for name, region, what in {name: row for row in rows for name in row[0]}.values()
    }
    assert len({event["id"] for event in done.events}) == len(done.events)


def test_a_row_that_repeats_the_newest_version_is_no_revision(tmp_path: Path) -> None:
    """It is counted as a repeat."""
    row = f"a,{NOON},XX-A,procedures"
    done = outcome(tmp_path, ORDERED, HEADER, row, row)
    assert [data["revision"] for data in done.data] == [0]
    assert done.summary.skipped == {"repeats an earlier row": 1}


@relaxed
@given(
    st.lists(
        st.tuples(st.sampled_from(["XX-A", "XX-B"]), st.integers(0, 3)), min_size=1, max_size=8
    ),
    st.randoms(use_true_random=False),
)
def test_ids_from_content_do_not_depend_on_order(
    tmp_path: Path, rows: list[tuple[str, int]], random: object
) -> None:
    """Rows without an id of their own: equal rows are one event, others never share an id."""
    mapping = TURNOUT + 'voted = { column = "n", type = "int" }\n'
    lines = [f"{NOON},{region},{n}" for region, n in rows]
    first = outcome(tmp_path, mapping, "time,region,n", *lines)
    random.shuffle(lines)  # type: ignore[attr-defined]
    second = outcome(tmp_path, mapping, "time,region,n", *lines)
    assert set(first.raw) == set(second.raw)
    assert len({event["id"] for event in first.events}) == len(first.raw) == len(set(rows))


def test_one_id_for_two_contents_is_an_error(tmp_path: Path) -> None:
    """Which names both lines."""
    done = outcome(
        tmp_path, REPORTS, HEADER, f"a,{NOON},XX-A,procedures", f"a,{NOON},XX-A,tampering"
    )
    assert done.complaints == [
        f"{tmp_path}/rows.csv:3: id 'a' is that of line 2 too, which differs"
    ]


def test_an_event_that_the_pack_rejects_is_an_error_of_its_row(tmp_path: Path) -> None:
    """With the reason of the closed list."""
    done = outcome(tmp_path, REPORTS, HEADER, f"a,{NOON},XX-Z,procedures", f"b,{NOON},XX-A,unheard")
    assert [said.split(": ", 1)[1] for said in done.complaints] == [
        "unknown_region: data.region: 'XX-Z'",
        "invalid_data: data.category: 'unheard' is not in the pack's taxonomy",
    ]
    assert done.summary.bad == 2
    assert done.raw == []


def test_filtered_rows_are_counted_by_reason(tmp_path: Path) -> None:
    """The first filter that applies names the reason."""
    mapping = (
        "[[filter]]\ncolumn = 'category'\nkeep = ['procedures', 'tampering']\nreason = 'other'\n"
        "[[filter]]\ncolumn = 'region'\ndrop = ['XX-B']\nreason = 'south'\n" + REPORTS
    )
    regions = ["XX-A", "XX-B", "XX-B"]
    lines = [f"{n},{NOON},{region},procedures" for n, region in enumerate(regions)]
    done = outcome(tmp_path, mapping, HEADER, *lines, f"9,{NOON},XX-B,campaigning")
    assert done.summary.skipped == {"south": 2, "other": 1}
    assert (done.summary.rows, len(done.raw)) == (4, 1)


LOOKUP = "[lookups.register]\nfile = 'register.csv'\nkey = 'station'\n" + REPORTS.replace(
    'region = { column = "region" }',
    'region = { column = "region", or = [{ lookup = "register", key = "station", '
    'column = "district" }, { const = "XX" }] }',
)


def test_a_lookup_fills_what_is_empty(tmp_path: Path) -> None:
    """First the row's own, then the other file's, then the constant."""
    (tmp_path / "register.csv").write_text("station,district\nA-1,XX-A\nB-1,XX-B\n")
    header = "id,time,region,category,station"
    lines = [f"1,{NOON},XX-C,procedures,A-1", f"2,{NOON},,procedures,B-1"]
    lines += [f"3,{NOON},,procedures,", f"4,{NOON},,procedures,Z-9"]
    done = outcome(tmp_path, LOOKUP, header, *lines)
    assert [data["region"] for data in done.data] == ["XX-C", "XX-B", "XX"]
    (said,) = done.complaints
    assert said.endswith(
        "rows.csv:5: region: column 'region': column 'station': 'Z-9' is not in register.csv"
    )
    lenient = LOOKUP.replace("key = 'station'", "key = 'station'\nunknown = 'empty'", 1)
    assert [d["region"] for d in outcome(tmp_path, lenient, header, *lines).data][-1] == "XX"


def test_a_lookup_file_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant can't be known."""
    (tmp_path / "register.csv").write_text("station,district\nA-1,XX-A\nA-1,XX-B\n")
    with pytest.raises(UserError, match=r"register\.csv:3: station 'A-1' is there twice"):
        outcome(tmp_path, LOOKUP, HEADER + ",station", f"1,{NOON},,procedures,A-1")


def test_a_missing_lookup_file_is_told(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(UserError, match=r"register\.csv: cannot be read"):
        outcome(tmp_path, LOOKUP, HEADER + ",station")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["id,time,region"], "rows.csv:1: no column 'category', which the mapping's fields.cat"),
        (["id;time;region;category"], "';' may be what stands between them: [file] delimiter"),
        (["id,id,time,region,category"], "rows.csv:1: column 'id' is there twice"),
        ([HEADER, f"1,{NOON},XX-A"], "rows.csv:2: 3 fields, the header has 4"),
        ([HEADER, '1,"a'], "rows.csv:2: no CSV"),
    ],
)
def test_a_file_that_does_not_fit_is_told(tmp_path: Path, lines: list[str], message: str) -> None:
    """With its line."""
    with pytest.raises(UserError) as caught:
        outcome(tmp_path, REPORTS, *lines)
    assert message in str(caught.value)


def test_the_encoding_is_checked(tmp_path: Path) -> None:
    """Bytes of another encoding are told, not guessed."""
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{HEADER}\nä,{NOON},XX-A,procedures\n".encode("cp1251", "replace"))
    path.write_bytes(f"{HEADER}\nж,{NOON},XX-A,procedures\n".encode("cp1251"))
    with pytest.raises(UserError, match="see \\[file\\] encoding"):
        Outcome(path, REPORTS)


@relaxed
@given(st.lists(st.text('ab\n\r", ;', max_size=6), min_size=1, max_size=6))
def test_lines_are_those_of_the_file(tmp_path: Path, notes: list[str]) -> None:
    """A row's line is where it begins, whatever line ends its cells hold."""
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        out.writerow([*HEADER.split(","), "note"])
        places = []
        for note in notes:
            stream.flush()
            text = path.read_bytes().decode()
            places.append(1 + len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1)
            out.writerow(["1", NOON, "XX-A", "nothing", note])
    done = Outcome(path, REPORTS)
    assert [int(said.split(":")[1]) for said in done.complaints] == places
