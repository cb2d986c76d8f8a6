"""Official turnout: headlines, and the series against itself."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from importlib import resources

import pytest

from schemas import Accepted, read
from streams.packs import load_pack
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.tables.events import figure, outcomes, state, table, us

EARLY = "09:00"
"""When nothing is overdue yet."""
FINDING = ("finding", "open", "publisher", "value", "previous_publisher", "previous_value")


def test_the_headline_is_the_highest_publishers_highest_revision() -> None:
    """Whatever came last, and whatever revision another publisher is at."""
    agency = figure("10:00", "41.0", "agency", revision=7)
    first, second = figure("10:00", "40.0"), figure("10:00", "40.2", revision=1)
    for order in ((agency, first, second), (second, agency, first)):
        columns = ("publisher", "percent", "revision")
        assert table("official_turnout", state(*order), "18:00", *columns) == [
            ("commission", "40.2", 1)
        ]
    (alone,) = table("official_turnout", state(agency))
    assert alone["publisher"] == "agency"


def test_a_figure_belongs_to_the_checkpoint_it_is_near() -> None:
    """The printed moment is kept; one that is near no checkpoint stands for itself."""
    part = state(figure("14:14", "50"), figure("12:00", "45"))
    assert table("official_turnout", part, "18:00", "as_of", "checkpoint") == [
        ("2030-06-02T12:00:00Z", "2030-06-02T12:00:00Z"),
        ("2030-06-02T14:14:00Z", "2030-06-02T14:00:00Z"),
    ]


def test_the_main_contest_need_not_be_named() -> None:
    """Named or not it is the same figure; another contest is another."""
    unnamed, named = figure("10:00", "40"), figure("10:00", "41", contest="list", revision=1)
    other = figure("10:00", "39", contest="district")
    part = state(unnamed, named, other)
    assert table("official_turnout", part, "18:00", "contest", "percent") == [
        ("district", "39"),
        ("list", "41"),
    ]


def test_a_row_says_where_its_figure_stands() -> None:
    """All columns, with nothing where the publisher printed nothing."""
    full = figure(
        "10:00",
        "40.10",
        station="A-1",
        voted=401,
        registered=1000,
        published="2030-06-02T16:04:00+06:00",
        source_url="https://example.org/1",
    )
    assert table("official_turnout", state(full)) == [
        {
            "region": "XX-A",
            "station": "A-1",
            "contest": "list",
            "as_of": "2030-06-02T10:00:00Z",
            "checkpoint": "2030-06-02T10:00:00Z",
            "registered": 1000,
            "voted": 401,
            "percent": "40.10",
            "publisher": "commission",
            "revision": 0,
            "published": "2030-06-02T10:04:00Z",
            "source_url": "https://example.org/1",
        }
    ]


def test_a_fall_names_the_latest_earlier_headline_above() -> None:
    """And is open while both are headlines."""
    low = figure("18:00", "39")
    part = state(figure("10:00", "40"), figure("14:00", "41"), low)
    assert table("official_findings", part, EARLY, *FINDING) == [
        ("fall", True, "commission", "39", "commission", "41")
    ]
    assert part.regions["XX-A"].official.open_findings()["fall"] == 1


def test_a_mended_fall_is_past() -> None:
    """Whether the later figure was raised or the earlier one lowered."""
    before, low = figure("10:00", "40"), figure("14:00", "30")
    raised = state(before, low, figure("14:00", "45", revision=1))
    assert table("official_findings", raised, EARLY, *FINDING) == [
        ("corrected_up", True, "commission", "45", "commission", "30"),
        ("fall", False, "commission", "30", "commission", "40"),
    ]
    lowered = state(before, low, figure("10:00", "20", revision=1))
    assert table("official_findings", lowered, EARLY, *FINDING) == [
        ("corrected_down", True, "commission", "20", "commission", "40"),
        ("fall", False, "commission", "30", "commission", "40"),
    ]
    assert lowered.regions["XX-A"].official.open_findings()["fall"] == 0


def test_figures_are_compared_by_voters_where_both_have_them() -> None:
    """The percentages beside them have no say; without a common figure nothing is compared."""
    part = state(
        figure("10:00", "40", voted=400), figure("14:00", "39", voted=401), figure("18:00", "39")
    )
    assert table("official_findings", part, EARLY, "checkpoint", "previous_value") == [
        ("2030-06-02T18:00:00Z", "40")
    ]
    part = state(figure("10:00", "40"), figure("14:00", voted=1))
    assert table("official_findings", part, EARLY) == []


@pytest.mark.parametrize(
    ("headline", "other", "differs"),
    [
        ("41.07", "41.1", False),
        ("41.07", "41", False),
        ("41.05", "41.1", False),
        ("41.05", "41.0", False),
        ("41.50", "42", False),
        ("41.51", "41", True),
        ("41.07", "41.2", True),
        ("41.07", "41.06", True),
        ("41.0", "41.00", False),
    ],
)
def test_rounding_is_neither_a_conflict_nor_a_fall(
    headline: str, other: str, differs: bool
) -> None:
    """Percentages are compared at the digits of the coarser one, in either direction."""
    for a, b in ((headline, other), (other, headline)):
        part = state(figure("10:00", a), figure("10:00", b, "agency"))
        assert table("official_findings", part, EARLY, "finding") == ["conflicting"] * differs
    high, low = sorted((headline, other), key=Fraction, reverse=True)
    part = state(figure("10:00", high), figure("14:00", low))
    assert table("official_findings", part, EARLY, "finding") == ["fall"] * differs


def test_another_publishers_mended_conflict_is_past() -> None:
    """What it printed first stays on record, closed."""
    part = state(
        figure("10:00", "40"),
        figure("10:00", "45", "agency"),
        figure("10:00", "40", "agency", revision=1),
    )
    assert table("official_findings", part, EARLY, *FINDING) == [
        ("conflicting", False, "agency", "45", "commission", "40"),
        ("corrected_down", False, "agency", "40", "agency", "45"),
    ]


def test_no_revision_is_invented() -> None:
    """Two figures of one publisher without revisions are a conflict, not a correction."""
    part = state(figure("10:00", "40"), figure("10:00", "41"))
    assert table("official_findings", part, EARLY) == table("corrections", part) == []
    columns = ("publisher", "checkpoint", "revision", "fields")
    assert table("conflicts", part, "18:00", *columns) == [
        ("commission", "2030-06-02T10:00:00Z", 0, ["percent"])
    ]


def test_corrections_of_official_figures_are_on_record() -> None:
    """With what they changed; the step is from one revision to the next there is."""
    part = state(
        figure("10:00", "40"),
        figure("10:00", "41", revision=2),
        figure("10:00", "41", revision=5, registered=1000),
    )
    columns = ("revision", "previous_revision", "fields", "publisher")
    assert table("corrections", part, "18:00", *columns) == [
        (2, 0, ["percent"], "commission"),
        (5, 2, ["registered"], "commission"),
    ]


def test_the_same_figure_twice_is_one() -> None:
    """An older revision that comes late is kept behind the current one."""
    one, two = figure("10:00", "40"), figure("10:00", "41", revision=1)
    assert outcomes(two, one, one, two) == ["accepted", "superseded", "duplicate", "duplicate"]


def test_the_newest_share_of_a_region() -> None:
    """From voters and register where both are printed, else from the percentage; no stations."""
    part = state(
        figure("10:00", "40", voted=1, registered=3),
        figure("18:00", "90", station="A-1"),
        figure("14:00", "41.5", contest="district"),
    )
    official = part.regions["XX-A"].official
    assert official.newest_ratios() == {
        "list": (us("10:00"), Fraction(1, 3)),
        "district": (us("14:00"), Fraction("0.415")),
    }
    assert part.regions["XX-A"].last_official == us("18:00")


def test_kazakhstans_publications_hold_exactly_the_misprints() -> None:
    """The main series has no fall; the outlets' five misprints are the only findings."""
    pack = load_pack("kazakhstan-2023")
    part = Partition(pack)
    file = resources.files("streams") / "reference/kazakhstan-2023/official_turnout.csv"
    source = next(uri for uri, one in pack.sources.items() if one.authority == "official")
    lines = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert len(lines) > 147
    for number, line in enumerate(lines):
        result = read(_event(pack.id, source, str(number), line), None, pack)
        assert isinstance(result, Accepted), result
        assert part.apply(result) == "accepted"
    found = rows("official_findings", [part], pack, 0)
    columns = ("region", "checkpoint", *FINDING)
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("KZ-61", SIX, "conflicting", True, "informburo", "41.07", "cec", "51.07"),
        ("KZ-61", SIX, "fall", False, "informburo", "41.07", "cec", "49.14"),
        ("KZ-62", SIX, "conflicting", True, "informburo", "63.63", "cec", "58.63"),
        ("KZ-71", FOUR, "conflicting", True, "bizmedia", "40.94", "cec", "38.57"),
        ("KZ-75", FOUR, "conflicting", True, "bizmedia", "22.95", "cec", "19.14"),
        ("KZ-79", FOUR, "conflicting", True, "bizmedia", "43.89", "cec", "42.31"),
    ]
    assert len(rows("official_turnout", [part], pack, 0)) == 147
    assert rows("corrections", [part], pack, 0) == rows("conflicts", [part], pack, 0) == []


FOUR, SIX = "2023-03-19T10:10:00Z", "2023-03-19T12:10:00Z"


def _event(election: str, source: str, id_: str, line: dict[str, str]) -> bytes:
    data: dict[str, object] = {
        name: value for name, value in line.items() if value and name != "note"
    }
    data |= {name: int(line[name]) for name in ("voted", "registered") if line[name]}
    return json.dumps(
        {
            "specversion": "1.0",
            "id": id_,
            "source": source,
            "type": "election.official.turnout.v1",
            "time": line["as_of"],
            "election": election,
            "data": data,
        }
    ).encode()
