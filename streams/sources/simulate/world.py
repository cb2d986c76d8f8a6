"""The latent truth: stations that exist in the simulation, and who really voted there when.

Nothing of it is published as such. Observers see it through their visits; `planted.json` holds
what of it a reader must be able to find again in the tables.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from streams.sources.simulate.chance import apportion, around, chance

if TYPE_CHECKING:
    from schemas.pack import Pack
    from schemas.pack.models import Region

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
AFTER_CLOSE: Final = 2 * HOUR
"""How long after the last poll has closed the simulation still runs: counting, tabulation."""

Curve = tuple[tuple[int, float], ...]
"""(microseconds since the epoch, share of the registered voters who have voted by then)."""

_ORDINARY: Final = ((0.0, 0.0), (0.23, 0.14), (0.4, 0.3), (0.54, 0.45), (0.7, 0.51), (1.0, 0.54))
"""A day without official figures: part of the polling hours gone, share who have voted."""
_VOTERS: Final = 1_180
"""Registered voters of a station where the pack says nothing (12.0 million at 10,146)."""


@dataclass(frozen=True, slots=True)
class Station:
    """One simulated polling station. ``pull``: its turnout as a multiple of the region's."""

    id: str
    region: str
    registered: int
    urban: bool
    pull: float
    padded: bool
    """The official figure there claims more voters than came."""
    poor: bool
    """Badly run: several times the irregularities of the others."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region with its stations, its polling hours and its official course of turnout."""

    code: str
    name: str
    opens: int
    closes: int
    stations: tuple[Station, ...]
    curve: Curve
    watched: bool
    """Whether teams go there: not where the pack does not know the polling hours."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is true in the simulation."""

    seed: int
    election: str
    contest: str
    categories: Mapping[str, str | None]
    """Incident categories of the pack: code to the phase it belongs to, None for any."""
    places: tuple[Place, ...]
    gap_regions: tuple[str, ...]
    begins: int
    ends: int


def minutes(number: float) -> int:
    """Microseconds, in whole seconds: nobody reports in finer ones."""
    return int(number * 60) * 1_000_000


def hours(number: float) -> int:
    """Microseconds, in whole seconds."""
    return minutes(number * 60)


def share(curve: Curve, at: int) -> float:
    """The share at ``at``, straight between the points, constant beyond them."""
    after = bisect_right(curve, at, key=lambda point: point[0])
    if after == 0:
        return curve[0][1]
    if after == len(curve):
        return curve[-1][1]
    (t0, s0), (t1, s1) = curve[after - 1], curve[after]
    return s0 + (s1 - s0) * (at - t0) / (t1 - t0)


def voted(place: Place, station: Station, at: int) -> int:
    """Voters who have really voted at ``station`` by ``at``."""
    return _voters(place, station, at, station.pull * (0.78 if station.padded else 1.0))


def claimed(place: Place, station: Station, at: int) -> int:
    """Voters the commission says have voted at ``station`` by ``at``."""
    return _voters(place, station, at, station.pull)


def _voters(place: Place, station: Station, at: int, pull: float) -> int:
    at = max(place.opens, min(at, place.closes))
    return round(station.registered * min(1.0, share(place.curve, at) * pull))


def build_world(
    pack: Pack,
    seed: int,
    stations: int | None = None,
    official: Mapping[str, Curve] | None = None,
) -> World:
    """The world of ``pack``; ``stations`` in all, or as many as the pack counts.

    ``official``: per region the published course of turnout, which the true one follows outside
    the planted gap. Regions without one get an ordinary day.
    """
    codes = pack.region_codes()
    numbers = station_numbers(pack, seed, stations)
    watched = [code for code in codes if pack.polls(code)]
    gaps = tuple(sorted(chance(seed, "gap").sample(watched, min(2, max(1, len(watched) // 3)))))
    places = tuple(
        _place(
            pack.regions[code],
            (pack.polls(code) or pack.polls(pack.country))[0],
            watched=code in watched,
            stations=tuple(_stations(pack.regions[code], seed, numbers[code], code in gaps)),
            official=(official or {}).get(code, ()),
        )
        for code in codes
    )
    return World(
        seed=seed,
        election=pack.id,
        contest=pack.main_contest,
        categories={code: category.phase for code, category in pack.categories.items()},
        places=places,
        gap_regions=gaps,
        begins=min(place.opens for place in places) - HOUR,
        ends=max(place.closes for place in places) + AFTER_CLOSE,
    )


def station_numbers(pack: Pack, seed: int, total: int | None) -> dict[str, int]:
    """Stations per region, ``total`` in all or as many as the pack counts.

    In proportion to the known counts, else to the known registers; what is left over is spread
    with some chance over the regions of which nothing is known.
    """
    weights: dict[str, float] = {}
    for code in pack.region_codes():
        region = pack.regions[code]
        if region.stations or region.registered:
            weights[code] = float(region.stations or (region.registered or 0) / _VOTERS)
    counted = pack.regions[pack.country].stations or 0
    unknown = [code for code in pack.region_codes() if code not in weights]
    size = max(counted - sum(weights.values()), 1.0 * len(unknown)) if counted else 0.0
    chances = {code: around(chance(seed, "size", code), 1.0, 0.35) for code in unknown}
    scale = (size or 40.0 * len(unknown)) / (sum(chances.values()) or 1.0)
    weights |= {code: scale * part for code, part in chances.items()}
    parts = apportion(total or counted or round(sum(weights.values())), weights)
    return {code: max(5, part) for code, part in parts.items()}


def _place(
    region: Region,
    hours: tuple[int, int],
    *,
    watched: bool,
    stations: tuple[Station, ...],
    official: Curve,
) -> Place:
    opens, closes = hours
    return Place(
        code=region.code,
        name=region.name,
        opens=opens,
        closes=closes,
        stations=stations,
        curve=_course(opens, closes, official),
        watched=watched,
    )


def _stations(region: Region, seed: int, number: int, gap: bool) -> Iterator[Station]:
    rng = chance(seed, "stations", region.code)
    mean = region.registered / number if region.registered else _VOTERS
    return (_station(rng, region.code, n, mean, gap) for n in range(1, number + 1))


def _course(opens: int, closes: int, official: Curve) -> Curve:
    points = [(at, value) for at, value in sorted(official) if at > opens]
    if not points:
        points = [(opens + int(part * (closes - opens)), value) for part, value in _ORDINARY[1:]]
    return ((opens, 0.0), *points)


def _station(rng: Random, code: str, number: int, mean: float, gap: bool) -> Station:
    return Station(
        id=f"SIM-{code}-{number:04d}",
        region=code,
        registered=max(40, min(3_000, round(around(rng, mean * 0.9, 0.45)))),
        urban=rng.random() < 0.55,
        pull=around(rng, 1.0, 0.12),
        padded=rng.random() < 0.6 and gap,
        poor=rng.random() < 0.08,
    )
