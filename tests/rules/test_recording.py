"""Series for dashboards: of the right worker, summed over regions, shares with their n."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.pack import parse_pack
from streams.metrics.families import FAMILIES
from streams.rules import recording
from streams.rules.model import Recording
from tests.packs import SMALL_FILES, small_pack
from tests.rules.promtool import OTHER
from tests.rules.world import GONE, World, span

FILES = ("pack.yml", "recording.yml")
CELL = {"category": "procedures", "severity": "low"}
FURTHEST = "region:election_incidents:furthest"


def just(name: str, **labels: str) -> str:
    """A query without the labels of its answer, or 0."""
    pairs = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return f"sum({name}{{{pairs}}}) or vector(-1)"


def test_the_series_of_the_worker_that_is_furthest(world: World) -> None:
    """Not the highest value, and not the newest worker, but whoever has folded most."""
    world.live("XX-A", position=100)
    world.put("election_incidents", 9, region="XX-A", **CELL)
    late = span(("_", 3), (1, 9))
    world.live("XX-A", worker=OTHER, alive=late, position=span(("_", 3), (99, 3), (101, 6)))
    world.put("election_incidents", span(("_", 3), (7, 9)), OTHER, region="XX-A", **CELL)
    for step, value in ((0, 9), (4, 9), (6, 7), (11, 7)):
        world.value(step, just(FURTHEST, region="XX-A"), value)
    world.check()


def test_a_region_that_nobody_watches_has_no_number(world: World) -> None:
    """It must not look calm: what alerts hold is not what dashboards show."""
    world.live("XX-A", alive=span((1, 3), (GONE, 1)))
    world.live("XX-B", worker=OTHER)
    world.put("election_incidents", span((5, 3), (GONE, 1)), region="XX-A", **CELL)
    world.put("election_incidents", 2, OTHER, region="XX-B", **CELL)
    for step, here, all_, live in ((2, 5, 7, 2), (3, -1, 2, 1), (20, -1, 2, 1)):
        world.value(step, just(FURTHEST, region="XX-A"), here)
        world.value(step, just("country:election_incidents:sum"), all_)
        world.value(step, just("country:scrutineer_regions_live:count"), live)
    world.check()


def test_shares_stand_beside_the_number_they_rest_on(world: World) -> None:
    """Per region and phase, and of the country from the sums, not from the shares."""
    world.live()
    for region, good, bad in (("XX-A", 2, 6), ("XX-B", 30, 2)):
        for rating, number in (("very_good", good), ("bad", bad)):
            where = {"region": region, "phase": "counting", "rating": rating}
            world.put("election_visits", number, **where)
    world.put("election_visits", 0, region="XX-C", phase="counting", rating="bad")
    for region, share, n in (("XX-A", 0.75, 8), ("XX-B", 0.0625, 32), ("XX-C", -1, 0)):
        where = {"region": region, "phase": "counting"}
        world.value(1, just("region:election_visits_negative:ratio", **where), share)
        world.value(1, just("region:election_visits_rated:sum", **where), n)
    world.value(1, just("country:election_visits_negative:ratio", phase="counting"), 0.2)
    world.value(1, just("country:election_visits_rated:sum", phase="counting"), 40)
    world.check()


def test_coverage_and_results_as_shares(world: World) -> None:
    """Of the stations expected, and of those that the pack knows: for the country of all."""
    world.live()
    for region, expected, reporting, published in (("XX-A", 2, 1, 3), ("XX-B", 0, 0, 1)):
        world.put("election_stations_expected", expected, region=region)
        world.put("election_stations_reporting", reporting, region=region)
        world.put("election_results_published_stations", published, region=region)
    world.put("election_stations", 3, region="XX-A")
    name = "election_stations_reporting:ratio"
    world.value(1, just(f"region:{name}", region="XX-A"), 0.5)
    world.value(1, just(f"region:{name}", region="XX-B"), -1)
    world.value(1, just(f"country:{name}"), 0.5)
    name = "election_results_published_stations:ratio"
    world.value(1, just(f"region:{name}", region="XX-A"), 1)
    world.value(1, just(f"country:{name}"), 0.5)
    world.check()


def test_stations_of_the_country_are_all_or_not_known() -> None:
    """Where the pack does not say, the sum of the regions, if each of them is known."""
    assert stations(SMALL_FILES["regions.csv"]) == "vector(8)"
    unknown = SMALL_FILES["regions.csv"].replace("10000,8", "10000,")
    assert stations(unknown).endswith("== 4")


def stations(regions: str) -> str:
    """The rule for a pack with these regions."""
    pack = parse_pack({**SMALL_FILES, "regions.csv": regions})
    return next(
        rule.expr
        for rule in recording.group(pack).rules
        if isinstance(rule, Recording) and rule.record == "country:election_stations:sum"
    )


def recorded() -> Iterator[str]:
    """Names of what is recorded."""
    for rule in recording.group(small_pack()).rules:
        assert isinstance(rule, Recording)
        yield rule.record


@pytest.mark.parametrize("family", [one for one in FAMILIES if "region" in one.labels])
def test_every_family_of_a_region_is_recorded(family: Any) -> None:
    """A dashboard needs no other way to find the right worker."""
    names = set(recorded())
    stratum = family.name.startswith("election_turnout_stratum_")
    wanted = family.name.startswith("election_") and not stratum
    assert (f"region:{family.name}:furthest" in names) == wanted
    if family.unit == "reports":
        assert f"country:{family.name}:sum" in names
