"""Series for dashboards: each region's own, the country's sums, and shares with their n.

Names are level:metric:operation. Level ``region``: of the instance that is furthest, whatever
labels beside the region; level ``country``: over all regions that are watched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.pack import Pack
from streams.metrics.declare import Family
from streams.metrics.families import FAMILIES
from streams.rules.model import Group, Recording
from streams.rules.series import FURTHEST

_INSTANCE: Final = "instance_region:scrutineer_region_position:furthest"
_COUNTED: Final = frozenset(
    {
        "reports",
        "restrictions",
        "visits",
        "answers",
        "stations",
        "protocols",
        "complaints",
        "findings",
    }
)
"""Units that add up over regions."""


def regional() -> Iterator[Family]:
    """The families of a region, but for the sums of the turnout sample: see ``country``."""
    for family in FAMILIES:
        sums = family.name.startswith("election_turnout_stratum_")
        if "region" in family.labels and family.name.startswith("election_") and not sums:
            yield family


def summed() -> Iterator[Family]:
    """Those of them whose sum over all regions says something."""
    for family in regional():
        if family.unit in _COUNTED and not family.name.startswith("election_turnout_"):
            yield family


def group(pack: Pack) -> Group:
    """Every series of every region once, then the country."""
    return Group("recording", [*_regions(), *_country(pack), *_shares()])


def _regions() -> Iterator[Recording]:
    yield Recording(_INSTANCE, FURTHEST.removeprefix("(").removesuffix(")"))
    for family in regional():
        labels = ", ".join(family.labels)
        yield Recording(
            f"region:{family.name}:furthest",
            f"max by ({labels}) ({family.name} and on (job, instance, region) {_INSTANCE})",
        )


def _country(pack: Pack) -> Iterator[Recording]:
    for family in summed():
        if family.name == "election_stations":
            yield Recording("country:election_stations:sum", _stations(pack))
            continue
        labels = [label for label in family.labels if label != "region"]
        by = f"sum by ({', '.join(labels)})" if labels else "sum"
        yield Recording(f"country:{family.name}:sum", f"{by} (region:{family.name}:furthest)")
    yield Recording("country:scrutineer_regions_live:count", _live(pack))


def _stations(pack: Pack) -> str:
    """All stations: a sum of the regions that happen to be known would be too few."""
    known = pack.regions[pack.country].stations
    if known is not None:
        return f"vector({known})"
    regions = len(pack.region_codes())
    every = "region:election_stations:furthest"
    return f"sum({every}) and count({every}) == {regions}"


def _live(pack: Pack) -> str:
    return f'count(max by (region) (scrutineer_region_live{{region!="{pack.country}"}}))'


def _shares() -> Iterator[Recording]:
    """Each share beside the number that it rests on."""
    for level, operation, by in (
        ("region", "furthest", "region, phase"),
        ("country", "sum", "phase"),
    ):
        visits = f"{level}:election_visits:{operation}"
        rated = f"{level}:election_visits_rated:sum"
        yield Recording(rated, f"sum by ({by}) ({visits})")
        negative = f'sum by ({by}) ({visits}{{rating=~"bad|very_bad"}})'
        yield Recording(f"{level}:election_visits_negative:ratio", f"{negative} / ({rated} > 0)")
        for name, part, whole in (
            ("election_stations_reporting", "stations_reporting", "stations_expected"),
            ("election_results_published_stations", "results_published_stations", "stations"),
        ):
            yield Recording(
                f"{level}:{name}:ratio",
                f"{level}:election_{part}:{operation} / ({level}:election_{whole}:{operation} > 0)",
            )
