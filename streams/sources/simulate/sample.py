"""A probability sample of stations, made up: its observers report turnout at every checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from streams.sources.simulate.chance import apportion, chance
from streams.sources.simulate.reports import Desk
from streams.sources.simulate.teams import Organisation, Team, Visit
from streams.sources.simulate.world import Place, Station, World, minutes, voted

SAMPLE: Final = Organisation(
    "urn:scrutineer:simulated:sample", "Sample-based turnout (simulated)", "citizen", 0, 1
)
_AWAY: Final = 0.03
"""Part of the drawn stations from which nobody reports: people fall ill, doors stay shut."""
_MISSED: Final = 0.03
"""Part of the calls that nobody makes."""


def stratum_of(station: Station) -> str:
    """The stratum of a station, as the pack's list names it."""
    return "urban" if station.urban else "rural"


def build_sample(world: World, checkpoints: Sequence[int], number: int) -> list[Team]:
    """``number`` stations of each watched region, drawn at random within its strata.

    Strata in proportion to their sizes, two stations of each at least. ``checkpoints``: µs; one
    that falls after the close is answered once, with the final count.
    """
    return [
        team
        for place in world.places
        if place.watched and number
        for team in _of_place(world, place, checkpoints, number)
    ]


def _of_place(
    world: World, place: Place, checkpoints: Sequence[int], number: int
) -> Iterator[Team]:
    strata: dict[str, list[Station]] = {}
    for station in place.stations:
        strata.setdefault(stratum_of(station), []).append(station)
    sizes = {name: len(stations) for name, stations in strata.items()}
    rng = chance(world.seed, "sample", place.code)
    index = 0
    for name, part in sorted(apportion(number, sizes, least=2).items()):
        for station in rng.sample(strata[name], min(part, sizes[name])):
            index += 1
            yield Team(
                id=f"sim-sample-{place.code.lower()}-{index:03d}",
                organisation=SAMPLE,
                place=place,
                kind="static",
                delay=rng.uniform(1, 3),
                visits=tuple(_calls(place, station, checkpoints)),
                silent_from=place.opens if rng.random() < _AWAY else None,
                offline=None,
            )


def _calls(place: Place, station: Station, checkpoints: Sequence[int]) -> Iterator[Visit]:
    for at in checkpoints:
        if at > place.opens:
            yield Visit(station, place.opens, at, "voting")
        if at >= place.closes:
            return


def counts_of(world: World, team: Team) -> Desk:
    """What a drawn station's observer counted since the opening, close to each checkpoint."""
    desk = Desk(world, team)
    for visit in team.visits:
        at = visit.left + minutes(desk.rng.uniform(-3, 3))
        if desk.rng.random() < _MISSED:
            continue
        fields: dict[str, Any] = {
            "contest": world.contest,
            "registered": visit.station.registered,
            "method": "list_signatures",
            "cumulative": voted(team.place, visit.station, at),
        }
        desk.report("turnout", visit, at, fields)
    return desk
