"""Observers' teams: who stands where when, whose phone is offline, who falls silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, NamedTuple

from schemas.fields import ObserverGroup, Phase
from streams.sources.simulate.chance import apportion, around, chance, pick
from streams.sources.simulate.world import MINUTE, Place, Station, World, hours, minutes

Kind = Literal["static", "mobile"]


class Organisation(NamedTuple):
    """An observers' organisation, made up, and a system of its own that sends its reports."""

    source: str
    name: str
    group: ObserverGroup
    share: float
    static: float


ORGANISATIONS: Final = (
    Organisation(
        "urn:scrutineer:simulated:citizen", "Citizen network (simulated)", "citizen", 45, 0.5
    ),
    Organisation(
        "urn:scrutineer:simulated:citizen-union", "Citizen union (simulated)", "citizen", 20, 0.4
    ),
    Organisation(
        "urn:scrutineer:simulated:international",
        "International mission (simulated)",
        "international",
        20,
        0,
    ),
    Organisation(
        "urn:scrutineer:simulated:party-agent", "Party agents (simulated)", "party_agent", 15, 0.9
    ),
)
DESK: Final = "urn:scrutineer:simulated:desk"


class Visit(NamedTuple):
    """A team at a station (or, in tabulation, at the commission above it)."""

    station: Station
    arrived: int
    left: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class Team:
    """One team and its day. Times are microseconds since the epoch."""

    id: str
    organisation: Organisation
    place: Place
    kind: Kind
    delay: float
    """Median minutes from an observation to its arrival."""
    visits: tuple[Visit, ...]
    silent_from: int | None
    offline: tuple[int, int] | None

    def arrival(self, at: int, rng: Random, ends: int) -> int | None:
        """When a report of ``at`` reaches the log; None when the team was silent by then.

        While a phone is offline its reports wait and come in one burst, with their old times.
        """
        if self.silent_from is not None and at >= self.silent_from:
            return None
        arrives = at + minutes(around(rng, self.delay, 0.7))
        if self.offline is not None and self.offline[0] <= arrives < self.offline[1]:
            arrives = self.offline[1] + minutes(rng.uniform(0, 4))
        return min(arrives, ends)


def build_teams(world: World, number: int) -> list[Team]:
    """``number`` teams over the organisations, and over the regions by their stations."""
    watched = [place for place in world.places if place.watched]
    weights = {place.code: len(place.stations) ** 0.7 for place in watched}
    per_place = apportion(number, weights, least=2)
    return [
        _team(world, place, index) for place in watched for index in range(per_place[place.code])
    ]


def _team(world: World, place: Place, index: int) -> Team:
    rng = chance(world.seed, "team", place.code, index)
    organisation = pick(rng, {each: each.share for each in ORGANISATIONS})
    kind: Kind = "static" if rng.random() < organisation.static else "mobile"
    offline = silent = None
    fate = rng.random()
    if fate < 0.12:
        since = place.opens + hours(rng.uniform(1, 11))
        offline = (since, since + hours(rng.uniform(0.75, 3)))
    elif fate < 0.16:
        silent = place.opens + hours(rng.uniform(2, 9))
    return Team(
        id=f"sim-{organisation.source.rsplit(':', 1)[1]}-{place.code.lower()}-{index + 1:02d}",
        organisation=organisation,
        place=place,
        kind=kind,
        delay=rng.uniform(1.5, 4) if kind == "static" else rng.uniform(3, 12),
        visits=tuple(_day(world, place, kind, rng)),
        silent_from=silent,
        offline=offline,
    )


def _day(world: World, place: Place, kind: Kind, rng: Random) -> Iterator[Visit]:
    """Opening, voting, counting, and for some the tabulation above the station."""
    station = rng.choice(place.stations)
    opened = place.opens + minutes(rng.uniform(10, 40))
    yield Visit(station, place.opens - minutes(rng.uniform(0, 25)), opened, "opening")
    at = opened
    while True:
        if kind == "mobile":
            at += minutes(rng.uniform(15, 50))
            station = rng.choice(place.stations)
        stay = 60.0 if kind == "static" else rng.uniform(25, 45)
        if at + minutes(stay) > place.closes - 20 * MINUTE:
            break
        yield Visit(station, at, at + minutes(stay), "voting")
        at += minutes(stay)
    count = place.closes + minutes(around(rng, 75, 0.25))
    yield Visit(station, place.closes - 15 * MINUTE, min(count, world.ends), "counting")
    if rng.random() < 0.4 and count + 20 * MINUTE < world.ends:
        yield Visit(station, count + 10 * MINUTE, world.ends, "tabulation")
