"""Of how many stations results were published: in each region, and in the country."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.pack import parse_pack
from streams.tables.partition import Partition
from streams.tables.stations import stations_of_country
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record, accepted
from tests.tables.events import published, state, table, us


def test_every_region_shows_how_many_stations_are_published() -> None:
    """0 of N where nothing was; the age is unknown where the hours are."""
    told = [published(place, station="A-2", votes={"a": 0}) for place in ("commission", "gazette")]
    part = state(published(votes={"a": 5}), *told)
    found = {
        (row["region"], row["contest"]): (row["published"], row["stations"])
        for row in table("results_published", part, "23:00")
    }
    assert found["XX-A", "list"] == (2, 3)
    assert found["XX-A", "district"] == (0, 3)
    assert found["XX-B", "list"] == (0, 2)
    abroad = rows("results_published", [part], small_pack(), us("23:00"), "XX-ABROAD")
    assert {row["seconds_since_close"] for row in abroad} == {None}
    before = rows("results_published", [part], small_pack(), us("19:59"), "XX-A")
    assert {row["seconds_since_close"] for row in before} == {None}


def country(now: str, *told: Record, confirmed_only: bool = False) -> dict[str, Any]:
    """The country's row of the list contest; the same when it alone is asked for."""
    parts = [state(*told[::2]), state(*told[1::2])]
    view: Any = {"confirmed_only": confirmed_only}
    found = rows("results_published", parts, small_pack(), us(now), "XX", **view)
    whole = rows("results_published", parts, small_pack(), us(now), **view)
    assert [row for row in whole if row["region"] == "XX"] == found
    assert [row["contest"] for row in found] == ["district", "list"]
    return found[1]


def test_the_country_shows_how_many_of_all_stations_are_published() -> None:
    """Over all partitions, since the first; a region's total is of no station."""
    assert country("23:00") == {
        "region": "XX",
        "contest": "list",
        "published": 0,
        "stations": 8,
        "since": None,
        "seconds_since_close": 7200,
    }
    told = (
        published(time="22:10", votes={"a": 5}),
        published(time="22:05", region="XX-B", station="B-1", votes={"a": 5}),
        published("gazette", time="22:20", votes={"a": 6}),
        published(station=None, time="22:01", votes={"a": 50}),
        published(region="XX", station=None, time="22:02", votes={"a": 500}),
    )
    row = country("23:00", *told)
    assert (row["published"], row["since"]) == (2, "2030-06-02T22:05:00Z")
    assert country("23:00", *told, confirmed_only=True) == row


def test_the_countrys_polls_close_with_the_last_ones() -> None:
    """In the west at 21:00 UTC; until then no result is late."""
    assert country("20:59")["seconds_since_close"] is None
    assert country("21:00")["seconds_since_close"] == 0


def test_without_partitions_nobody_has_listened() -> None:
    """Then there is no 0 either."""
    assert rows("results_published", [], small_pack(), us("23:00"), "XX") == []


NORTH = "XX-A,North,XX,,4000,3"


@pytest.mark.parametrize(
    ("change", "stations"),
    [
        ({}, 8),
        ({"10000,8": "10000,9"}, 9),
        ({"10000,8": "10000,"}, 8),
        ({"10000,8": "10000,", NORTH: "XX-A,North,XX,,4000,"}, 8),
        ({"10000,8": "10000,", NORTH: "XX-A,North,,,4000,4"}, 9),
        ({"10000,8": "10000,", NORTH: f"{NORTH}\nXX-A1,Town,XX-A,,,2"}, 8),
        ({"10000,8": "10000,", NORTH: "XX-A,North,XX,,4000,\nXX-A1,Town,XX-A,,,2"}, 10),
        ({"10000,8": "10000,", NORTH: f"{NORTH}\nXX-D,East,XX,,,"}, None),
        ({NORTH: f"{NORTH}\nXX-D,East,XX,,,"}, 8),
    ],
)
def test_the_countrys_stations_are_its_own_rows_or_its_regions(
    change: dict[str, str], stations: int | None
) -> None:
    """Of each region its own number, else those below it and those listed; unknown is unknown."""
    text = SMALL_FILES["regions.csv"]
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    pack = parse_pack({**SMALL_FILES, "regions.csv": text})
    assert stations_of_country(pack) == stations
    part = Partition(pack)
    part.apply(accepted(published(votes={"a": 1})))
    row = rows("results_published", [part], pack, us("23:00"), "XX")[1]
    assert (row["published"], row["stations"]) == (1, stations)
