"""The official series against itself: generated figures that collide, held against the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from streams.tables.findings import KINDS, OF_A_REGION, SERIES_KINDS
from streams.tables.overdue import next_overdue, overdue
from streams.tables.partition import Partition
from streams.tables.region import RegionTables
from streams.tables.views import rows
from tests.packs import small_pack
from tests.strategies import DAY, Event, Record, accepted, record
from tests.tables.events import us
from tests.tables.series_model import SeriesModel
from tests.tables.test_properties import unordered

PLACES = ("XX", "XX-A", "XX-A", "XX-B", "XX-C", "XX-ABROAD", "A-1", "A-1", "A-1", "C-1")
MOMENTS = ("10:00", "10:00", "14:00", "13:50", "18:00", "20:30")
VOTED = (0, 400, 400, 800, 881, 1200, 1600, 1841, 9000)
PERCENT = ("0", "40", "40.0", "40.04", "60", "60.0", "80", "100", "100.01", "130")
DUE = tuple(us(text) + 1 for text in ("11:30", "15:30", "19:30"))
"""The moments from which figures are overdue."""
nows = st.sampled_from([us("07:00"), *(due + step for due in DUE for step in (-1, 0)), us("23:00")])


@st.composite
def figures(draw: st.DrawFn, places: tuple[str, ...] = PLACES) -> Record:
    """A figure of one of a few places and moments: counts, percentages, registers, or some."""
    place = draw(st.sampled_from(places))
    region = place if place.startswith("XX") else f"XX-{place[0]}"
    moment = draw(st.sampled_from(MOMENTS))
    data: Event = {
        "region": region,
        "publisher": draw(st.sampled_from(("commission", "commission", "agency"))),
        "as_of": f"2030-06-02T{moment}:00Z",
        "revision": draw(st.sampled_from((0, 0, 1, 2))),
    }
    if place != region:
        data["station"] = place
    said = draw(st.sampled_from(("voted", "percent", "both", "both")))
    if said != "percent":
        data["voted"] = draw(st.sampled_from(VOTED))
    if said != "voted":
        data["percent"] = draw(st.sampled_from(PERCENT))
    register = draw(st.sampled_from((None, 0, 1000, 1000, 2000, 4000)))
    if register is not None:
        data["registered"] = register
    if draw(st.integers(0, 4)) == 0:
        data["contest"] = draw(st.sampled_from(("list", "district")))
    if draw(st.booleans()):
        data["source_url"] = f"https://example.org/{place}"
    event = {
        "specversion": "1.0",
        "id": draw(st.sampled_from(("e1", "e2"))),
        "source": "urn:test:official",
        "type": "election.official.turnout.v1",
        "time": data["as_of"],
        "election": "test-2030",
        "data": data,
    }
    return record(event, DAY + timedelta(hours=22))


@st.composite
def publications(draw: st.DrawFn) -> list[Record]:
    """What one publisher says of all regions and the country at one moment, which often fits."""
    moment = draw(st.sampled_from(MOMENTS[:3]))
    by = draw(st.sampled_from(("voted", "percent")))
    values: st.SearchStrategy[Any] = st.sampled_from((400, 800) if by == "voted" else PERCENT[1:7])
    found = []
    for region in ("XX", "XX-A", "XX-B", "XX-C", "XX-ABROAD")[: draw(st.sampled_from((4, 5)))]:
        one = draw(figures()).event
        data: Event = {"region": region, "publisher": "commission"}
        data |= {"as_of": f"2030-06-02T{moment}:00Z"}
        data |= {"revision": 0, by: draw(values)}
        if region == "XX" and by == "voted":
            data["voted"] = draw(st.sampled_from((1200, 1600, 2000, 2400)))
        if draw(st.integers(0, 3)):
            data["registered"] = draw(st.sampled_from((1000, 3000, 9000)))
        found.append(record(one | {"data": data}, DAY + timedelta(hours=22)))
    return found


def logs() -> st.SearchStrategy[list[Record]]:
    """One place's series, figures of others, and whole publications, in an order of arrival."""
    series = st.sampled_from(PLACES).flatmap(lambda place: st.lists(figures((place,)), max_size=10))
    whole = st.lists(publications(), max_size=2).map(lambda all_: [one for x in all_ for one in x])
    others = st.lists(figures(), max_size=5)
    return st.tuples(series, others, whole).map(lambda three: [one for x in three for one in x])


def parts_of(records: list[Record], partitions: int = 1) -> list[Partition]:
    parts = [Partition(small_pack(), number) for number in range(partitions)]
    for one in records:
        parts[sum(one.region.encode()) % partitions].apply(accepted(one))
    return parts


def found(parts: list[Partition], now: int, *, whole: bool = True) -> list[dict[str, Any]]:
    return rows("official_findings", parts, small_pack(), now, whole=whole)


@given(logs(), nows, st.booleans())
@settings(max_examples=300, deadline=None)
def test_findings_equal_a_naive_computation(records: list[Record], now: int, whole: bool) -> None:
    """Every kind, open and past; the sums only where all partitions are there."""
    expected = SeriesModel(records, small_pack()).official_findings(now, False, whole=whole)
    assert unordered(found(parts_of(records), now, whole=whole)) == unordered(expected)


@given(logs(), nows, st.data())
@settings(max_examples=150, deadline=None)
def test_order_repetition_and_partitions_do_not_matter(
    records: list[Record], now: int, data: st.DataObject
) -> None:
    """Nor does looking in between."""
    expected = found(parts_of(records), now)
    repeated = records + (data.draw(st.lists(st.sampled_from(records))) if records else [])
    shuffled = data.draw(st.permutations(repeated))
    assert found(parts_of(shuffled, data.draw(st.integers(2, 3))), now) == expected
    (looked,) = parts_of(shuffled[: len(shuffled) // 2])
    found([looked], now)
    for one in shuffled:
        looked.apply(accepted(one))
    assert found([looked], now) == expected


@given(logs(), nows, st.integers(0, 20))
@settings(max_examples=150, deadline=None)
def test_counts_equal_the_rows(records: list[Record], now: int, cut: int) -> None:
    """What the metrics read of each region, also when they were read before."""
    (part,) = parts_of(records[:cut])
    for tables in part.regions.values():
        tables.official.open_findings()
    for one in records[cut:]:
        part.apply(accepted(one))
    counted = Counter((row["region"], row["finding"]) for row in found([part], now) if row["open"])
    for code in small_pack().regions:
        tables = part.regions.get(code) or RegionTables(code, small_pack())
        counts = tables.official.open_findings()
        assert set(counts) == set(SERIES_KINDS)
        late = len(overdue(tables, small_pack(), now))
        assert {**counts, "overdue": late} == {kind: counted[code, kind] for kind in OF_A_REGION}


@given(logs(), st.integers(us("06:00"), us("23:00")))
@settings(max_examples=150, deadline=None)
def test_the_next_figure_is_overdue_exactly_when_it_is_said(
    records: list[Record], now: int
) -> None:
    """Until then nothing changes by itself; after the last one never again."""
    (part,) = parts_of(records)
    for code in small_pack().regions:
        tables = part.regions.get(code) or RegionTables(code, small_pack())
        before = overdue(tables, small_pack(), now)
        change = next_overdue(tables, small_pack(), now)
        if change is None:
            assert overdue(tables, small_pack(), us("23:59")) == before
        else:
            assert overdue(tables, small_pack(), change - 1) == before
            assert len(overdue(tables, small_pack(), change)) > len(before)


def _is(kind: str, is_open: bool) -> Callable[[list[Record]], bool]:
    def happens(records: list[Record]) -> bool:
        told = found(parts_of(records), us("23:00"))
        return any(row["finding"] == kind and row["open"] == is_open for row in told)

    return happens


generated = settings(max_examples=3000, deadline=None, phases=[Phase.generate], database=None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_generated(kind: str) -> None:
    """What the rules above hold for is not empty: open findings, and past ones where there are."""
    find(logs(), _is(kind, True), settings=generated)
    if kind not in ("overdue", "sum_mismatch"):
        find(logs(), _is(kind, False), settings=generated)
