"""The turnout gap through the tables: published vectors, and each rule by an example."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from schemas import Accepted, read
from schemas.pack import Pack, PackError, parse_pack
from streams.tables.partition import Partition
from streams.tables.sample import boundaries, open_hours
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record, accepted
from tests.tables.events import counted, decision, figure, state, table, us, watched

LEVEL = ([1000, 800, 1200, 500], [420, 400, 700, 150]), ([900, 1500, 700], [450, 600, 380])
"""Registered and voters of the drawn stations of two strata, of 120 and 60 stations."""


def sample_files(drawn: tuple[int, int] = (4, 3), everywhere: bool = False) -> dict[str, str]:
    """XX-A with strata of 120 and 60 stations, of which so many are drawn; no other region's are.

    ``everywhere``: the other regions at home have no stations of their own.
    """
    stations = ["id,region,registered,stratum"]
    deployment = ["station,source,sample,stratum"]
    for name, size, number, (registers, _) in zip("ts", (120, 60), drawn, LEVEL, strict=True):
        for i in range(size):
            known = registers[i] if i < len(registers) else 1000
            stations.append(f"{name}{i},XX-A,{known},{name}")
            if i < number:
                deployment.append(f"{name}{i},urn:test:citizen,yes,{name}")
    if not everywhere:
        stations.append("B-1,XX-B,2000,b")
    files = {**SMALL_FILES, "stations.csv": "\n".join(stations) + "\n"}
    return {**files, "deployment.csv": "\n".join(deployment) + "\n"}


@cache
def sampled(drawn: tuple[int, int] = (4, 3), everywhere: bool = False) -> Pack:
    """The pack of ``sample_files``."""
    return parse_pack(sample_files(drawn, everywhere))


def counts(time: str = "14:00") -> list[Record]:
    """What the drawn stations reported."""
    return [
        counted(f"{name}{i}", time, voters, f"{name}{i}")
        for name, (_, several) in zip("ts", LEVEL, strict=True)
        for i, voters in enumerate(several)
    ]


def compared(
    records: Iterable[Record], pack: Pack, region: str = "XX-A", now: str = "15:00", **view: Any
) -> list[dict[str, Any]]:
    """Rows of the table, with another pack than the small one."""
    part = Partition(pack)
    for record in records:
        found = read(record.raw, record.origin, pack)
        assert isinstance(found, Accepted), found
        part.apply(found)
    return rows("turnout", [part], pack, us(now), region, **view)


def only(found: Iterable[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    (row,) = (r for r in found if all(r[name] == value for name, value in wanted.items()))
    return row


def test_level_of_two_strata() -> None:
    """The design's vector: estimate, degrees of freedom, and the word for it."""
    row = only(compared([*counts(), figure("14:00", "60.00")], sampled()), comparison="level")
    assert row["observed"] == pytest.approx(0.47125748502994014, abs=1e-12)
    assert row["gap"] == pytest.approx(0.6 - 0.47125748502994014, abs=1e-12)
    assert (row["n"], row["df"], row["drawn"], row["no_register"]) == (7, 5, 7, 0)
    assert row["half_width"] == pytest.approx(2.5705818366 * 0.03842111092969111, rel=1e-6)
    assert row["half_width_family"] > row["half_width"]
    assert row["verdict"] == "inconclusive"
    assert (row["publisher"], row["as_of"]) == ("commission", "2030-06-02T14:00:00Z")
    assert row["age_seconds"] == 3600


def test_level_beyond_any_doubt() -> None:
    """A gap beyond the family's interval and the margin is called by its sign."""
    above = compared([*counts(), figure("14:00", "99.00")], sampled())
    assert only(above, comparison="level")["verdict"] == "official_above"
    below = compared([*counts(), figure("14:00", "1.00")], sampled())
    assert only(below, comparison="level")["verdict"] == "official_below"


def test_fast_reporters_are_no_sample() -> None:
    """Fewer than 70 % of the drawn stations: the figure and n, no interval."""
    row = only(compared([*counts(), figure("14:00", "60")], sampled((8, 3))), comparison="level")
    assert (row["verdict"], row["n"], row["drawn"]) == ("incomplete_sample", 7, 11)
    assert row["half_width"] is None
    assert row["gap"] is not None


def test_lonely_stratum() -> None:
    """One station of a stratum alone leaves the interval unknown, and that is said."""
    found = compared([*counts()[:5], figure("14:00", "60")], sampled((4, 1)))
    row = only(found, comparison="level")
    assert (row["verdict"], row["half_width"], row["n"]) == ("lonely_stratum", None, 5)


def test_too_few_stations_give_no_figure() -> None:
    """Below the pack's minimum: the n, and nothing to misread."""
    found = compared([*counts()[:4], figure("14:00", "60")], sampled((4, 0)))
    row = only(found, comparison="level")
    assert (row["verdict"], row["n"], row["observed"], row["gap"]) == ("too_few", 4, None, None)


def test_a_sample_takes_the_drawn_stations_and_sources_alone() -> None:
    """Another station, another source at a drawn station, a commission's word: not in the level."""
    records = [
        *counts(),
        counted("x1", "14:00", 999, "t50"),
        counted("x2", "14:00", 1, "t0", "urn:test:party"),
        counted("x3", "14:00", 1, "t1", method="told_by_commission"),
        figure("14:00", "60"),
    ]
    row = only(compared(records, sampled()), comparison="level")
    assert row["observed"] == pytest.approx(0.47125748502994014, abs=1e-12)


def test_what_was_confirmed_is_no_sample() -> None:
    """Confirmed reports alone are a part chosen by hand: described, not judged."""
    records = [*counts(), figure("14:00", "60")]
    about = {"source": "urn:test:citizen", "region": "XX-A"}
    records += [
        decision(f"t{i}", "confirmed", about=about | {"report_id": f"t{i}"}) for i in (0, 1)
    ]
    records += [
        decision(f"s{i}", "confirmed", about=about | {"report_id": f"s{i}"}) for i in (0, 1, 2)
    ]
    row = only(compared(records, sampled(), confirmed_only=True), comparison="level")
    assert (row["verdict"], row["n"], row["half_width"]) == ("descriptive", 5, None)


def test_without_a_sample_counts_are_described() -> None:
    """Observers who go where they like: figure and n, never an interval."""
    records = [counted(f"c{i}", "14:00", 100 + i, f"t{i}") for i in range(6)]
    plain = parse_pack({**SMALL_FILES, "stations.csv": _stations(), "deployment.csv": _NOBODY})
    row = only(compared([*records, figure("14:00", "60")], plain), comparison="level")
    assert (row["verdict"], row["n"], row["drawn"]) == ("descriptive", 6, None)
    assert row["observed"] == pytest.approx(615 / 6000)


_NOBODY = "station,source,sample\n"


def _stations() -> str:
    return "id,region,registered\n" + "".join(f"t{i},XX-A,1000\n" for i in range(9))


def test_country_is_the_strata_of_its_regions() -> None:
    """One region with stations, sampled: the country's level is its level, with K of its strata."""
    pack = sampled(everywhere=True)
    records = [*counts(), figure("14:00", "60"), figure("14:00", "60", region="XX")]
    row = only(compared(records, pack, "XX"), comparison="level", region="XX")
    assert row["observed"] == pytest.approx(0.47125748502994014, abs=1e-12)
    assert (row["verdict"], row["df"]) == ("inconclusive", 5)


def test_country_with_a_region_that_nobody_was_drawn_in() -> None:
    """A region at home without a drawn station: the sample is not of the country."""
    records = [*counts(), figure("14:00", "60", region="XX")]
    row = only(compared(records, sampled(), "XX"), comparison="level", region="XX")
    assert (row["verdict"], row["half_width"]) == ("incomplete_sample", None)


def test_flow_splits_counts_and_starts_at_the_opening() -> None:
    """30 voters from 09:30 to 10:30, half of them before the checkpoint of 10:00."""
    part = state(watched("w1", "09:30", "10:30", 30), figure("10:00", "10"), figure("14:00", "30"))
    found = table("turnout", part)
    first = only(found, comparison="flow", checkpoint="2030-06-02T10:00:00Z", region="XX-A")
    assert (first["n"], first["verdict"]) == (1, "too_few")
    assert first["official"] == pytest.approx(0.1)
    sums = part.regions["XX-A"].turnout.sums(part.pack)["list"].flow.values
    assert {at: (one.k, one.c) for at, one in sums.items()} == {
        us("10:00"): (1, 15),
        us("14:00"): (1, 15),
    }


def test_an_interval_over_14_hours_is_shown_and_not_used() -> None:
    """A night's count says nothing about an hour."""
    part = state(watched("w1", "00:00", "14:30", 900), watched("w2", "08:00", "09:00", 20))
    found = table("observed_turnout", part, "18:00", "report_id", "findings")
    assert found == [("w1", ["too_long"]), ("w2", [])]
    sums = part.regions["XX-A"].turnout.sums(part.pack)["list"].flow.values
    assert [one.c for one in sums.values()] == [20]


def test_voters_come_while_polls_are_open() -> None:
    """90 voters watched from 06:30 to 08:00, polls open at 07:00: 90 an hour, not 60."""
    part = state(watched("w1", "06:30", "08:00", 90), watched("w2", "04:00", "06:00", 3, "A-2"))
    found = part.regions["XX-A"].turnout.sums(part.pack)["list"].flow.values
    (sums,) = found.values()
    assert (sums.k, sums.c, sums.e) == (1, 90, 1500)
    rows_ = table("observed_turnout", part, "18:00", "report_id", "findings")
    assert rows_ == [("w1", []), ("w2", ["outside_hours"])]


def test_matched_and_told_stay_apart() -> None:
    """The same station and moment: counted against published, and told against published."""
    part = state(
        counted("a", "14:05", 275),
        counted("b", "14:05", 260, source="urn:test:international"),
        counted("c", "14:00", 320, method="told_by_commission"),
        figure("14:00", voted=321, station="A-1"),
    )
    found = table("turnout", part)
    row = only(found, comparison="matched", station="A-1")
    assert (row["official"], row["observed"], row["gap"]) == (321, 267.5, 53.5)
    assert (row["verdict"], row["conflicts"], row["offset_seconds"]) == ("official_above", 1, 300)
    assert [one["voters"] for one in row["counts"]] == [275, 260]
    assert row["findings"] == ["conflict"]
    told = only(found, comparison="told", station="A-1")
    assert (told["gap"], told["verdict"]) == (1, "within")
    region = only(found, comparison="matched", station=None, region="XX-A")
    assert (region["n"], region["above"], region["below"], region["gap"]) == (1, 1, 0, 53.5)
    country = only(found, comparison="matched", station=None, region="XX")
    assert country["gap"] == 53.5
    assert only(found, comparison="level", region="XX-A")["verdict"] == "no_official"


def test_a_figure_without_register_or_voters_is_said() -> None:
    """A percentage of an unknown register has no voters: no_official, not a division by zero."""
    part = state(
        counted("a", "14:00", 5, "ABROAD-1", region="XX-ABROAD"),
        figure("14:00", "50", station="ABROAD-1", region="XX-ABROAD"),
        counted("b", "14:00", 5, "A-1", registered=0),
        figure("14:00", "50", station="A-1", registered=0),
    )
    found = table("turnout", part)
    abroad = only(found, comparison="matched", station="ABROAD-1")
    assert (abroad["verdict"], abroad["official"]) == ("no_official", None)
    assert only(found, comparison="matched", station="A-1")["official"] == 750


def test_counts_that_cannot_be() -> None:
    """Above the register, and falling: both are kept and named."""
    part = state(
        counted("a", "10:00", 1600),
        counted("b", "12:00", 1400),
        counted("c", "12:30", 1650, source="urn:test:party", registered=2000),
    )
    found = dict(table("observed_turnout", part, "18:00", "report_id", "findings"))
    assert found == {"a": ["above_register"], "b": ["falling"], "c": []}
    assert part.regions["XX-A"].turnout.findings(part.pack)["falling"] == 1


def test_two_teams_that_contradict_each_other_minutes_apart() -> None:
    """300 at 09:58 and 250 at 10:03 cannot both be: the nearer is used, and all rows say so."""
    part = state(
        counted("a", "09:58", 300),
        counted("b", "10:03", 250, source="urn:test:international"),
        figure("10:00", voted=310, station="A-1"),
        figure("10:00", "20"),
    )
    found = table("turnout", part)
    row = only(found, comparison="matched", station="A-1")
    assert (row["observed"], row["conflicts"], row["findings"]) == (300, 1, ["conflict"])
    assert only(found, comparison="matched", station=None, region="XX-A")["conflicts"] == 1
    level = only(found, comparison="level", region="XX-A")
    assert (level["n"], level["findings"]) == (1, ["conflict"])
    assert only(found, comparison="level", region="XX")["findings"] == ["conflict"]


def test_a_count_that_cannot_be_is_named_beside_the_estimate() -> None:
    """42,000 voters of 1,000: an estimate of 2,800 % says what it rests on."""
    part = state(counted("a", "14:00", 42_000), watched("w", "12:00", "13:00", 9_000, "A-3"))
    found = table("turnout", part)
    assert only(found, comparison="level", region="XX-A")["findings"] == ["above_register"]
    flow = only(found, comparison="flow", region="XX-A", checkpoint="2030-06-02T14:00:00Z")
    assert flow["findings"] == ["above_register"]


def test_corrections_withdrawals_and_decisions_leave_no_trace() -> None:
    """Sums are those of what stands, whatever came before."""
    part = state(
        counted("a", "14:00", 100),
        counted("a", "14:00", 200, revision=1),
        counted("b", "14:00", 300, "A-2"),
        counted("b", "14:00", 300, "A-2", revision=1, withdrawn=True),
        watched("c", "12:00", "13:00", 50, "A-3"),
        decision("c", "rejected"),
        figure("14:00", voted=210, station="A-1"),
    )
    turnout = part.regions["XX-A"].turnout
    sums = turnout.sums(part.pack)["list"]
    assert {key: one.a for key, one in sums.level.values.items()} == {(us("14:00"), "A-town"): 200}
    assert not sums.flow.values
    assert sums.matched.values[us("14:00")].gap == 10
    part.apply(accepted(decision("a", "duplicate")))
    sums = turnout.sums(part.pack)["list"]
    totals = [sums.level.values, sums.flow.values, sums.matched.values, turnout.books]
    assert totals == [{}, {}, {}, {}]


def test_polls_that_open_an_hour_apart() -> None:
    """Three hours of voting until 10:00, two in the west: the same 10 % is another rate."""
    west = {"region": "XX-C"}
    part = state(figure("10:00", "10", **west), figure("10:00", "10"))
    found = [row for row in table("turnout", part) if row["comparison"] == "flow"]
    assert {row["region"]: row["official"] for row in found} == {"XX-A": 0.1, "XX-C": 0.1}
    assert open_hours(small_pack(), "XX-A", *boundaries(small_pack(), "XX-A")[:2]) == 3
    assert open_hours(small_pack(), "XX-C", *boundaries(small_pack(), "XX-C")[:2]) == 2


def test_a_final_count_holds_at_every_later_checkpoint() -> None:
    """Closed at 20:00 in the north, an hour later in the west: 20:30 is after the close in one."""
    later = SMALL_FILES["election.toml"].replace(
        "2030-06-02T18:00:00Z", "2030-06-02T20:30:00Z, 2030-06-02T22:00:00Z"
    )
    pack = parse_pack({**SMALL_FILES, "election.toml": later, "deployment.csv": _NOBODY})
    records = [
        counted("a", "20:05", 900, "A-1"),
        counted("c", "20:05", 900, "C-1", region="XX-C"),
        *(figure(at, "60", region=code) for code in ("XX-A", "XX-C") for at in ("20:30", "22:00")),
    ]
    north, west = (compared(records, pack, code, "22:30") for code in ("XX-A", "XX-C"))
    assert [row["n"] for row in north if row["comparison"] == "level"] == [1, 1]
    assert [row["n"] for row in west if row["comparison"] == "level"] == [0, 0]


def test_without_the_figure_before_there_is_no_flow() -> None:
    """What was added since 14:00 is unknown as long as the figure of 14:00 is."""
    found = table("turnout", state(figure("18:00", "50")))
    assert only(found, comparison="flow", region="XX-A")["verdict"] == "no_official"


def test_a_drawn_station_has_the_stratum_of_the_list() -> None:
    """Another stratum in deployment.csv would leave its size unknown."""
    wrong = SMALL_FILES["deployment.csv"].replace("yes,A-town", "yes,B")
    with pytest.raises(PackError, match=r"'B' is not the station's in stations.csv"):
        parse_pack({**SMALL_FILES, "deployment.csv": wrong})
