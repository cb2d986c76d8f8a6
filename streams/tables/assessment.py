"""The share of visits assessed negatively, and whether an interval may stand beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from schemas.pack import Deployment, Pack
from streams.tables.visits import NEGATIVE, Cell, Stop
from streams.turnout.proportion import proportion

Basis = Literal["probability_sample", "incomplete_sample", "descriptive"]


class Assessment(NamedTuple):
    """Visits of one phase. ``low`` and ``high``: 95 % interval of the share, or None."""

    visits: int
    stations: int
    rated: int
    negative: int
    share: Fraction | None
    basis: Basis
    low: float | None
    high: float | None


@lru_cache(maxsize=8)
def drawn(pack: Pack) -> Mapping[str, tuple[Deployment, ...]]:
    """Region → the stations drawn at random there, as the deployment plan says."""
    found: dict[str, list[Deployment]] = {}
    for row in pack.deployment:
        if row.sample:
            found.setdefault((pack.stations or {})[row.station].region, []).append(row)
    return {code: tuple(rows) for code, rows in found.items()}


@lru_cache(maxsize=8)
def strata_of_country(pack: Pack) -> frozenset[str | None]:
    """The strata of all stations that are not abroad."""
    return frozenset(
        station.stratum
        for station in (pack.stations or {}).values()
        if pack.regions[station.region].kind != "out_of_country"
    )


def assess(
    cells: Iterable[tuple[Cell, Mapping[Stop, int]]],
    regions: Collection[str],
    phase: str,
    pack: Pack,
    *,
    chosen: bool = False,
) -> Assessment:
    """Sum up ``cells``, the visits of one phase that stand in ``regions``.

    An interval only ever stands beside a simple random sample. Never beside a part that was
    ``chosen`` by hand, as what the desk confirmed is. And beside several regions only where the
    plan draws them as one: regions sampled at different fractions must not be pooled unweighted,
    so the sample must be of one named stratum that every station of these regions belongs to.
    """
    rated: dict[Stop, int] = {}
    visits = negative = 0
    places: set[str | None] = set()
    for (_, rating, _), stops in cells:
        number = sum(stops.values())
        visits += number
        places.update(station for _, station in stops)
        if rating is None:
            continue
        negative += number if rating in NEGATIVE else 0
        for stop, times in stops.items():
            rated[stop] = rated.get(stop, 0) + times
    n = sum(rated.values())
    basis: Basis = "descriptive" if chosen else _basis(rated, regions, phase, pack)
    share, _, low, high = proportion(negative, n, random=basis == "probability_sample")
    return Assessment(visits, len(places - {None}), n, negative, share, basis, low, high)


_COMPLETE: Final = 100


def _basis(rated: Mapping[Stop, int], regions: Collection[str], phase: str, pack: Pack) -> Basis:
    """Whether the rated visits are a simple random sample of the stations.

    They are if each was to another station that the deployment plan marks as drawn, by the source
    and for the phase it names (no phases: any), and all that were drawn there are of one stratum:
    several would need weights, and so would several regions that are not one stratum of the
    stations' list. ``incomplete_sample``: too few of the drawn stations were visited;
    those that report fast are no random part.
    """
    sample = [
        row
        for code in regions
        for row in drawn(pack).get(code, ())
        if not row.phases or phase in row.phases
    ]
    stops = {(row.source, row.station) for row in sample}
    if not rated or not rated.keys() <= stops or max(rated.values()) > 1:
        return "descriptive"
    stations = {station for _, station in stops}
    visited = {station for _, station in rated}
    strata = {row.stratum for row in sample}
    if len(visited) < len(rated) or len(strata) > 1:
        return "descriptive"
    if len(regions) > 1 and (None in strata or strata != strata_of_country(pack)):
        return "descriptive"
    least = pack.judgement.turnout.sample_percent * len(stations)
    return "probability_sample" if _COMPLETE * len(visited) >= least else "incomplete_sample"
