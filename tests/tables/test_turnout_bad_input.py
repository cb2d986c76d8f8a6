"""What goes wrong on the day with counts and figures: each is a finding or a verdict, in a row."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Rejected, read
from schemas.pack import Pack, PackError
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.events import clock, counted, figure, state, table, us, watched
from tests.turnout_packs import changed
from tests.turnout_strategies import accepted

Row = dict[str, Any]
PARTY = "urn:test:party"


def compared(*records: Record, **wanted: object) -> Row:
    """The one row of ``turnout`` with these values."""
    (row,) = several(*records, **wanted)
    return row


def several(*records: Record, **wanted: object) -> list[Row]:
    """Rows of ``turnout`` with these values: in XX-A and the main contest unless they say so."""
    wanted = {"region": "XX-A", "contest": "list", "checkpoint": clock("10:00")} | wanted
    found = table("turnout", state(*records))
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def judged(pack: Pack, *records: Record) -> list[Row]:
    """Rows of ``turnout`` of XX-A with another pack."""
    part = Partition(pack)
    for record in records:
        part.apply(accepted(record, pack))
    return rows("turnout", [part], pack, us("18:00"), "XX-A")


def faults(*records: Record) -> dict[str, list[str]]:
    """Report → findings, of every count listed."""
    return dict(table("observed_turnout", state(*records), "18:00", "report_id", "findings"))


def test_a_count_above_the_register_is_kept_and_named() -> None:
    """By the register it gives itself, else by the list's; used as it is, with the finding."""
    figures = figure("10:00", voted=900, station="A-1")
    row = compared(counted("a", "10:00", 1501), figures, station="A-1", comparison="matched")
    assert (row["observed"], row["verdict"], row["findings"]) == (
        1501,
        "official_below",
        ["above_register"],
    )
    assert faults(counted("a", "10:00", 1500)) == {"a": []}
    assert faults(counted("a", "10:00", 1501, registered=1600)) == {"a": []}
    assert faults(counted("a", "10:00", 1100, registered=1000)) == {"a": ["above_register"]}
    assert faults(watched("w", "08:00", "09:00", 1501)) == {"w": ["above_register"]}
    assert faults(counted("a", "10:00", 9999, contest="district")) == {"a": []}


def test_a_cumulative_count_that_falls_is_kept_and_named() -> None:
    """Of one observer; what another one has, was told, or corrects, is no fall."""
    high, low = counted("a", "10:00", 400), counted("b", "12:00", 300)
    assert faults(high, low) == {"a": [], "b": ["falling"]}
    assert faults(high, counted("b", "12:00", 400)) == {"a": [], "b": []}
    still = counted("c", "13:00", 350)  # above the one before, below the first
    assert faults(high, low, still) == {"a": [], "b": ["falling"], "c": ["falling"]}
    for other in ({"observer": "o2"}, {"source": PARTY}, {"method": "told_by_commission"}):
        # Another team's lower count is no fall: the two contradict each other, unless one was told.
        said = [] if "method" in other else ["conflict"]
        assert faults(high, counted("b", "12:00", 300, **other)) == {"a": said, "b": said}
    assert faults(high, low, counted("a", "10:00", 200, revision=1)) == {"a": [], "b": []}
    figures = figure("10:04", voted=300, station="A-1")
    row = compared(high, counted("b", "10:04", 300), figures, station="A-1")
    assert (row["observed"], row["verdict"]) == (300, "within")
    assert row["findings"] == ["falling"]


@pytest.mark.parametrize("until", ["07:59", "08:00"])
def test_an_interval_without_length_is_rejected(until: str) -> None:
    """As invalid_data, with the field and what is wrong; the letter keeps it."""
    one = watched("w", "08:00", until, 5)
    result = read(one.raw, one.origin, small_pack())
    assert isinstance(result, Rejected)
    assert result.reason == "invalid_data"
    assert "'to' must be later than 'from'" in result.detail


def test_an_interval_longer_than_anybody_counts_is_shown_and_not_used() -> None:
    """14 hours are used, a second more is not."""
    just, over = watched("w", "05:00", "19:00", 70), watched("w", "05:00", "19:00:01", 70)
    assert (faults(just), faults(over)) == ({"w": []}, {"w": ["too_long"]})
    assert compared(just, comparison="flow", n=1)["verdict"] == "no_official"
    assert several(over) == []
    row = compared(over, figure("10:00", "20"), comparison="flow")
    assert (row["verdict"], row["n"]) == ("no_observation", 0)


def test_two_teams_that_differ_are_both_kept() -> None:
    """At one moment: the median, with a conflict."""
    row = compared(
        counted("a", "10:00", 260),
        counted("b", "10:00", 275, source=PARTY),
        figure("10:00", voted=321, station="A-1"),
        station="A-1",
    )
    assert (row["observed"], row["gap"], row["n"], row["conflicts"]) == (267.5, 53.5, 2, 1)
    assert row["findings"] == ["conflict"]
    assert row["counts"] == [
        {"source": "urn:test:citizen", "report_id": "a", "voters": 260},
        {"source": PARTY, "report_id": "b", "voters": 275},
    ]


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        ("09:52", "10:05", "b"),
        ("09:58", "10:05", "a"),
        ("09:55", "10:05", "b"),  # equally near: the later, which holds more voters
        ("09:50", "10:11", "a"),
        ("09:49", "10:10", "b"),
        ("09:49", "10:11", None),
    ],
)
def test_the_count_nearer_to_the_figure_is_used(first: str, second: str, used: str | None) -> None:
    """At most ten minutes away; both stay listed."""
    counts = counted("a", first, 260), counted("b", second, 275, source=PARTY)
    found = several(*counts, figure("10:00", voted=321, station="A-1"), comparison="matched")
    chosen = [one["report_id"] for row in found for one in row["counts"] or ()]
    assert chosen == ([] if used is None else [used])
    assert faults(*counts) == {"a": [], "b": []}


def test_a_register_of_zero_is_none() -> None:
    """With the count, in the figure, or in the list: the next one is taken, or it is said."""
    zero = counted("a", "10:00", 600, "A-3", registered=0)
    assert compared(zero, comparison="level")["no_register"] == 0
    assert faults(counted("b", "10:00", 1001, "A-3", registered=0)) == {"b": ["above_register"]}
    row = compared(figure("10:00", "40", voted=9, registered=0), comparison="level")
    assert (row["official"], row["verdict"]) == (0.4, "no_observation")
    row = compared(figure("10:00", voted=1000, registered=0), comparison="level")
    assert row["official"] == 0.25


def test_stations_that_nobody_knows_the_register_of() -> None:
    """Left out of the level and counted there; a percentage of it is no number of voters."""
    stations = "id,region,registered\nA-1,XX-A,\nA-2,XX-A,\nA-3,XX-A,0\n"
    pack = changed(stations=stations, deployment=None)
    counts = [counted(f"c{i}", "10:00", 600, f"A-{i}") for i in (1, 2, 3)]
    found = judged(pack, *counts, *(figure("10:00", "50", station=f"A-{i}") for i in (2, 3)))
    told = [(row["comparison"], row["verdict"], row["n"], row["no_register"]) for row in found]
    assert told == [("level", "no_official", 0, 3), *[("matched", "no_official", 1, None)] * 2]


def test_an_official_figure_without_a_register() -> None:
    """Voters alone: of the list's register, which is the main contest's; else it is said."""
    row = compared(figure("10:00", voted=1000), comparison="level")
    assert (row["official"], row["verdict"]) == (0.25, "no_observation")
    other = figure("10:00", voted=1000, contest="district")
    for comparison in ("level", "flow"):
        row = compared(other, comparison=comparison, contest="district")
        assert (row["official"], row["verdict"]) == (None, "no_official")
        assert (row["publisher"], row["as_of"]) == ("commission", clock("10:00"))
    abroad = {"region": "XX-ABROAD"}
    row = compared(figure("10:00", voted=7, **abroad), comparison="level", **abroad)
    assert row["verdict"] == "no_official"


def test_an_official_percentage_alone() -> None:
    """Of the figure's register, the list's, or nobody's."""
    count = counted("a", "10:00", 600)
    row = compared(count, figure("10:00", "40.1", station="A-1"), station="A-1")
    assert (row["official"], row["gap"], row["verdict"]) == (601.5, 1.5, "within")
    row = compared(count, figure("10:00", "40", station="A-1", registered=1600), station="A-1")
    assert (row["official"], row["verdict"]) == (640, "official_above")
    count = counted("a", "10:00", 600, contest="district")
    one = figure("10:00", "40", station="A-1", contest="district")
    row = compared(count, one, contest="district", station="A-1")
    assert (row["official"], row["observed"], row["gap"]) == (None, 600, None)
    assert (row["verdict"], row["above"], row["below"]) == ("no_official", 0, 0)
    assert several(count, one, contest="district", station=None, comparison="matched") == []


def test_nobody_has_voted() -> None:
    """Zero is a count, and no divisor."""
    zero = figure("10:00", "0", voted=0)
    assert compared(zero, comparison="level")["official"] == 0.0
    row = compared(counted("a", "10:00", 0), figure("10:00", voted=0, station="A-1"), station="A-1")
    assert (row["official"], row["observed"], row["gap"], row["verdict"]) == (0, 0, 0, "within")
    row = compared(watched("w", "08:00", "09:00", 0), zero, comparison="flow")
    assert (row["n"], row["official"], row["verdict"]) == (1, 0.0, "too_few")
    pack = changed("minimum_stations = 1", deployment=None)
    found = judged(pack, watched("w", "08:00", "09:00", 0), figure("10:00", "30"))
    (row,) = (row for row in found if row["comparison"] == "flow")
    assert (row["verdict"], row["observed"], row["gap"]) == ("descriptive", 0.0, 0.3)
    assert row["ratio"] is None


def test_figures_that_cannot_be() -> None:
    """More than everybody is compared as it was published."""
    count = counted("a", "10:00", 1400)
    row = compared(count, figure("10:00", "120.5", voted=1800, station="A-1"), station="A-1")
    assert (row["official"], row["gap"], row["verdict"]) == (1800, 400, "official_above")
    row = compared(figure("10:00", "120.5"), comparison="level")
    assert row["official"] == 1.205
    most = 2_000_000_000
    figures = figure("10:00", voted=most, station="A-1")
    row = compared(counted("a", "10:00", most), figures, station="A-1")
    assert (row["gap"], row["verdict"]) == (0, "within")


def test_counts_at_hours_that_no_interval_has() -> None:
    """Before the opening and after the last checkpoint: listed, and in no comparison."""
    early, late = watched("e", "05:00", "06:59", 5), watched("l", "18:00", "19:00", 5)
    found = faults(early, late, counted("n", "03:00", 2))
    assert found == {"e": ["outside_hours"], "l": [], "n": []}
    assert table("turnout", state(early, late, counted("n", "03:00", 2))) == []


def test_told_intervals_are_listed_and_compared_with_nothing() -> None:
    """An announcement about an hour has no official figure to stand beside."""
    told = watched("t", "08:00", "09:00", 50, method="told_by_commission")
    assert faults(told) == {"t": []}
    assert table("turnout", state(told)) == []


def test_the_smallest_error_that_may_be_asked_for_still_has_intervals() -> None:
    """One stratum of two stations: the quantile of one degree of freedom is large, and finite."""
    alpha = "alpha = 1e-9\nminimum_stations = 2\nsample_percent = 0"
    stations, deployment = _two_stations()
    pack = changed(alpha, stations=stations, deployment=deployment)
    counts = [counted(f"a{i}", "10:00", 400 + i, f"A-{i}") for i in (1, 2)]
    (row,) = (row for row in judged(pack, *counts, figure("10:00", "60")) if row["df"] == 1)
    assert row["verdict"] == "inconclusive"
    assert row["half_width_family"] > 1e6
    with pytest.raises(PackError, match="alpha: Input should be greater than or equal to"):
        changed("alpha = 1e-300")


def _two_stations() -> tuple[str, str]:
    """Texts of stations.csv and deployment.csv: 2 of 8 stations were drawn."""
    rows = "".join(f"A-{i},XX-A,1000,,,,\n" for i in range(1, 9))
    plan = "".join(f"A-{i},urn:test:citizen,yes,,voting\n" for i in (1, 2))
    return (
        f"id,region,registered,stratum,urban,lat,lon\n{rows}",
        f"station,source,sample,stratum,phases\n{plan}",
    )
