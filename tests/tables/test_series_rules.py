"""The rules of the official series against itself, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Accepted, read
from schemas.pack import Pack, parse_pack
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record
from tests.tables.events import event, figure, state, us

EARLY = "09:00"
"""When nothing is overdue yet."""


def findings(
    *records: Record, now: str = EARLY, pack: Pack | None = None, **asked: Any
) -> list[dict[str, Any]]:
    """Rows of ``official_findings``."""
    pack = pack or small_pack()
    part = Partition(pack)
    for one in records:
        result = read(one.raw, one.origin, pack)
        assert isinstance(result, Accepted), result
        part.apply(result)
    return rows("official_findings", [part], pack, us(now), **asked)


def both(*records: Record, **asked: Any) -> list[tuple[object, ...]]:
    """(kind, open, value, previous value) of each finding."""
    columns = ("finding", "open", "value", "previous_value")
    return [tuple(row[name] for name in columns) for row in findings(*records, **asked)]


def test_a_percentage_that_its_own_counts_do_not_make() -> None:
    """As printed, and as the counts of the same publication make it."""
    wrong = figure("10:00", "15.94", voted=258, registered=1620, station="A-1", source_url="x:/1")
    (row,) = (row for row in findings(wrong) if row["finding"] == "inconsistent")
    assert (row["value"], row["previous_value"], row["open"]) == ("15.94", "15.9259", True)
    for name in ("publisher", "revision", "source_url"):
        assert row[name] == row[f"previous_{name}"] is not None
    right = figure("10:00", "15.93", voted=258, registered=1620, station="A-1", revision=1)
    after = findings(wrong, right)
    assert [row["open"] for row in after if row["finding"] == "inconsistent"] == [False]


def test_the_agencys_misprint_is_not_the_headlines() -> None:
    """It is on record as past while a higher publisher has a figure, and open alone."""
    wrong = figure("10:00", "50", "agency", voted=100, registered=4000)
    own = figure("10:00", "2.5", voted=100, registered=4000)
    assert ("inconsistent", True, "50", "2.50") in both(wrong)
    assert ("inconsistent", False, "50", "2.50") in both(wrong, own)


@pytest.mark.parametrize(
    ("said", "row"),
    [
        ({"voted": 4001, "registered": 4000}, ("impossible", True, 4001, 4000)),
        ({"voted": 1, "registered": 0, "percent": "130"}, ("impossible", True, 1, 0)),
        ({"percent": "100.01"}, ("impossible", True, "100.01", "100")),
        ({"voted": 4000, "registered": 4000, "percent": "100.0"}, None),
        ({"voted": 9000}, None),
        ({"voted": 0, "registered": 0, "percent": "0.00"}, None),
    ],
)
def test_more_than_everybody(said: dict[str, Any], row: tuple[object, ...] | None) -> None:
    """Both numbers; no register is none, and nothing is divided by a register of zero."""
    kinds = [one for one in both(figure("10:00", **said)) if one[0] != "register_changed"]
    assert kinds == ([] if row is None else [row])


def station(as_of: str, voted: int, **more: Any) -> Record:
    return figure(as_of, voted=voted, station="A-1", **more)


def test_more_voters_than_a_station_can_serve() -> None:
    """Two a minute: 480 from 10:00 to 14:00."""
    assert both(station("10:00", 100), station("14:00", 580)) == []
    late = station("14:00", 581)
    assert both(station("10:00", 100), late) == [("jump", True, 581, 100)]
    mended = station("14:00", 580, revision=1)
    assert ("jump", False, 581, 100) in both(station("10:00", 100), late, mended)


def test_a_jump_that_the_earlier_figure_mended_is_past() -> None:
    """The figure of then stays on record."""
    told = both(station("10:00", 100), station("10:00", 300, revision=1), station("14:00", 700))
    assert ("jump", False, 700, 100) in told
    assert ("jump", True, 700, 300) not in told


def test_a_region_is_all_its_stations() -> None:
    """Three in XX-A: 1,440 in four hours; the country's are not those of one region."""
    for place, possible in (("XX-A", 1440), ("XX", 3840)):
        first = figure("10:00", voted=0, region=place)
        assert both(first, figure("14:00", voted=possible, region=place)) == []
        more = figure("14:00", voted=possible + 1, region=place)
        assert both(first, more) == [("jump", True, possible + 1, 0)]


def test_the_checkpoint_before_that_can_be_compared() -> None:
    """One without a common figure is passed over, and its time counts."""
    between = figure("14:00", "30", station="A-1")
    assert both(station("10:00", 0), between, station("18:00", 960)) == []
    assert both(station("10:00", 0), between, station("18:00", 961)) == [("jump", True, 961, 0)]


def test_percentages_jump_only_with_the_register_printed_beside_them() -> None:
    """By the least that they can stand for; alone they say nothing about voters."""
    first = figure("10:00", "10", station="A-1")
    assert both(first, figure("14:00", "90", station="A-1")) == []
    assert both(first, figure("14:00", "90", station="A-1", registered=0)) == [
        ("register_changed", True, 0, 1500)
    ]
    # 78.5 points at least: of 612 they are 480.4 voters, of 611 479.6.
    some = figure("14:00", "90", station="A-1", registered=612)
    assert ("jump", True, "90", "10") in both(first, some)
    fewer = figure("14:00", "90", station="A-1", registered=611)
    assert ("jump", True, "90", "10") not in both(first, fewer)


def test_only_open_polls_count() -> None:
    """Half an hour after 19:30 the polls close: 60 voters; afterwards nobody can come."""
    assert both(station("19:30", 0), station("22:30", 60)) == []
    assert both(station("19:30", 0), station("22:30", 61)) == [("jump", True, 61, 0)]
    assert both(station("20:30", 60), station("22:30", 61)) == [("jump", True, 61, 60)]


def test_nights_do_not_count() -> None:
    """Of two days: an hour in the evening, one in the morning."""
    text = SMALL_FILES["election.toml"].replace("[2030-06-02]", "[2030-06-01, 2030-06-02]")
    pack = parse_pack({**SMALL_FILES, "election.toml": text})
    data = station("07:00", 0).event["data"] | {"as_of": "2030-06-01T19:00:00Z"}
    evening = event("official.turnout", "urn:test:official", "07:00", data, None)
    assert both(evening, station("08:00", 240), pack=pack) == []
    assert both(evening, station("08:00", 241), pack=pack) == [("jump", True, 241, 0)]


def test_unknown_hours_are_not_judged() -> None:
    """Stations abroad vote when they do."""
    there = {"region": "XX-ABROAD", "station": "ABROAD-1"}
    first = figure("10:00", voted=0, **there)
    assert both(first, figure("14:00", voted=5000, **there), now="23:00") == [
        row for row in both(first, now="23:00") if row[0] == "overdue"
    ]


def late(*records: Record, now: str, **asked: Any) -> list[tuple[str, str, str]]:
    """(region, contest, time of day) of what is overdue."""
    told = [row for row in findings(*records, now=now, **asked) if row["finding"] == "overdue"]
    assert all(row["open"] and row["value"] is None is row["publisher"] for row in told)
    return [(row["region"], row["contest"], row["checkpoint"][11:16]) for row in told]


def test_a_figure_is_overdue_so_long_after_its_checkpoint() -> None:
    """Everywhere that polls are known, also where nothing came at all; not abroad."""
    everywhere = [(code, "list", "10:00") for code in ("XX", "XX-A", "XX-B", "XX-C")]
    assert late(now="11:30") == []
    assert late(now="11:30:01") == everywhere
    assert late(figure("09:50", "10"), now="11:30:01") == [
        one for one in everywhere if one[0] != "XX-A"
    ]
    assert late(figure("10:30", "10"), now="11:30:01") == everywhere
    assert late(now="11:30:01", region="XX-C") == [("XX-C", "list", "10:00")]
    assert late(now="23:00", region="XX-ABROAD") == []
    assert rows("official_findings", [], small_pack(), us("23:00")) == []


def test_a_checkpoint_before_the_polls_opened_is_not_waited_for() -> None:
    """Nor one at the opening itself; one after the close is."""
    text = SMALL_FILES["election.toml"].replace('open = "07:00"', 'open = "10:00"')
    text = text.replace("2030-06-02T18:00:00Z,", "2030-06-02T20:15:00Z,")
    pack = parse_pack({**SMALL_FILES, "election.toml": text})
    told = late(now="23:00", pack=pack, region="XX-A")
    assert told == [("XX-A", "list", "14:00"), ("XX-A", "list", "20:15")]


def test_another_contest_is_waited_for_once_it_is_published() -> None:
    """In that region alone."""
    district = figure("10:00", "10", contest="district")
    told = late(district, figure("10:00", "10"), now="16:00", region="XX-A")
    assert told == [("XX-A", "district", "14:00"), ("XX-A", "list", "14:00")]
    assert late(district, now="16:00", region="XX-B") == [
        ("XX-B", "list", "10:00"),
        ("XX-B", "list", "14:00"),
    ]


def test_stations_stand_for_a_region_that_is_published_by_station() -> None:
    """Until the region itself is published once: then its own figures are waited for."""
    alone = (station("10:00", 5), station("14:00", 6))
    assert late(*alone, now="16:00", region="XX-A") == []
    assert late(station("10:00", 5), now="16:00", region="XX-A") == [("XX-A", "list", "14:00")]
    own = figure("18:00", "50")
    assert late(*alone, own, now="16:00", region="XX-A") == [
        ("XX-A", "list", "10:00"),
        ("XX-A", "list", "14:00"),
    ]


def everywhere(by: str, country: Any, *parts: Any, **more: Any) -> list[Record]:
    """A figure of the country and of its regions at 10:00."""
    codes = ("XX", "XX-A", "XX-B", "XX-C", "XX-ABROAD")
    return [
        figure("10:00", **{by: value}, region=code, **more)
        for code, value in zip(codes, (country, *parts), strict=False)
    ]


def sums(*records: Record, **asked: Any) -> list[tuple[object, object]]:
    """(value, previous value) of what does not add up."""
    told = [row for row in findings(*records, **asked) if row["finding"] == "sum_mismatch"]
    assert all(row["region"] == "XX" and row["previous_publisher"] is None for row in told)
    return [(row["value"], row["previous_value"]) for row in told]


def test_voters_of_the_country_are_those_of_its_regions() -> None:
    """Only where all of them are there; without those abroad the country may have more."""
    assert sums(*everywhere("voted", 61, 10, 20, 30, 1)) == []
    assert sums(*everywhere("voted", 62, 10, 20, 30, 1)) == [(62, 61)]
    assert sums(*everywhere("voted", 60, 10, 20, 30, 1)) == [(60, 61)]
    assert sums(*everywhere("voted", 62, 10, 20, 30)) == []
    assert sums(*everywhere("voted", 59, 10, 20, 30)) == [(59, 60)]
    assert sums(*everywhere("voted", 5, 10, 20)) == []
    assert sums(figure("10:00", voted=5)) == []


def test_percentages_of_the_country_lie_between_those_of_its_regions() -> None:
    """With the registers of all they are weighted."""
    assert sums(*everywhere("percent", "55", "40", "50", "60.0")) == []
    assert sums(*everywhere("percent", "70", "40", "50", "60.0")) == [("70", "60.10")]
    assert sums(*everywhere("percent", "30.0", "40", "50", "60.0")) == [("30.0", "39.500")]
    weighted = everywhere("percent", "55", "40", "50", "60", "50", registered=1000)
    assert sums(*weighted) == [("55", "51.00")]
    assert sums(*everywhere("percent", "55", "40", "50", "60", registered=1000)) == []


def test_sums_need_all_partitions() -> None:
    """A worker that does not see the rest says nothing; another region's rows have none."""
    wrong = everywhere("voted", 5, 10, 20, 30)
    assert sums(*wrong, whole=False) == []
    assert sums(*wrong, region="XX-A") == []
    assert sums(*wrong, region="XX") == [(5, 60)]


def test_headlines_are_summed() -> None:
    """A revision mends it; the agency's figure is not the country's."""
    wrong = everywhere("voted", 62, 10, 20, 30, 1)
    agency = figure("10:00", "1", "agency", voted=5, region="XX")
    assert sums(*wrong, agency) == [(62, 61)]
    assert sums(*wrong, figure("10:00", voted=61, region="XX", revision=1)) == []
    assert sums(*wrong, figure("10:00", voted=21, region="XX-B", revision=1)) == []


def test_open_findings_are_counted_once_however_often_a_series_changes() -> None:
    """The count follows each change of a series."""
    part = state(station("10:00", 0), station("14:00", 999))
    official = part.regions["XX-A"].official
    assert [official.open_findings()["jump"] for _ in range(2)] == [1, 1]
    for records, jumps in ((station("14:00", 9, revision=1),), 0), ((station("18:00", 900),), 1):
        for one in records:
            result = read(one.raw, one.origin, small_pack())
            assert isinstance(result, Accepted)
            part.apply(result)
        assert official.open_findings()["jump"] == jumps
