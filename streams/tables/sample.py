"""The probability sample of a pack: which stations were drawn, their strata and sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.pack import Pack
from schemas.pack.hours import Polls
from streams.turnout.verdicts import Rules

HOUR: Final = 3_600_000_000
MINUTE: Final = 60_000_000


class Layer(NamedTuple):
    """A stratum of one region: ``population`` stations in it, of which ``drawn``."""

    population: int
    drawn: int


class Drawn(NamedTuple):
    """A drawn station: its stratum ("" where the stations' list names none), who reports there."""

    stratum: str
    sources: frozenset[str]


class Design(NamedTuple):
    """The sample of one region, by stratum and by station."""

    strata: Mapping[str, Layer]
    stations: Mapping[str, Drawn]

    @property
    def drawn(self) -> int:
        """How many stations were drawn."""
        return len(self.stations)


@lru_cache(maxsize=8)
def designs(pack: Pack) -> Mapping[str, Design]:
    """Region → its sample, of the regions that have one."""
    listed = pack.stations or {}
    sources: dict[str, dict[str, set[str]]] = {}
    for row in pack.deployment:
        if row.sample:
            stations = sources.setdefault(listed[row.station].region, {})
            stations.setdefault(row.station, set()).add(row.source)
    if not sources:
        return {}
    sizes = Counter((station.region, station.stratum or "") for station in listed.values())
    found = {}
    for code, stations in sources.items():
        drawn = {
            station: Drawn(listed[station].stratum or "", frozenset(who))
            for station, who in stations.items()
        }
        numbers = Counter(one.stratum for one in drawn.values())
        strata = {name: Layer(sizes[code, name], numbers[name]) for name in sorted(numbers)}
        found[code] = Design(strata, drawn)
    return found


@lru_cache(maxsize=8)
def uncovered(pack: Pack) -> Mapping[str, int]:
    """Region → its stations, of the regions at home in which no station was drawn.

    Nothing where the pack has no sample at all: then there is nothing that they are missing in.
    """
    known = designs(pack)
    if not known:
        return {}
    sizes = Counter(station.region for station in (pack.stations or {}).values())
    return {
        code: sizes[code]
        for code, region in sorted(pack.regions.items())
        if region.kind == "region" and code not in known and sizes[code]
    }


@lru_cache(maxsize=8)
def rules(pack: Pack) -> Rules:
    """The constants of all verdicts of an election. The country is compared like a region."""
    values = pack.judgement.turnout
    return Rules(
        regions=len(pack.region_codes()) + 1,
        checkpoints=max(1, len(pack.checkpoints)),
        contests=len(pack.contests),
        alpha=values.alpha,
        margin_points=values.margin_points,
        minimum_stations=values.minimum_stations,
        sample_percent=values.sample_percent,
        homogeneity=values.homogeneity,
    )


@lru_cache(maxsize=4096)
def boundaries(pack: Pack, code: str) -> tuple[int, ...]:
    """Where the intervals of a region's flow begin and end, µs: the opening, the checkpoints."""
    polls = pack.polls(code)
    opening = [polls[0][0]] if polls and pack.checkpoints[:1] > (polls[0][0],) else []
    return (*opening, *pack.checkpoints)


def open_hours(pack: Pack, code: str, since: int, until: int) -> Fraction:
    """Hours between two moments (µs) in which polls are open; all where that is not known."""
    polls = pack.polls(code)
    if not polls:
        return Fraction(until - since, HOUR)
    length = sum(max(0, min(until, close) - max(since, opens)) for opens, close in polls)
    return Fraction(length, HOUR)


def closed_around(polls: Polls, moment: int) -> tuple[int, int] | None:
    """From which closing to which opening polls are closed around ``moment``, all in µs.

    None: they are open, have not opened yet, or the hours are not known. The closing itself is
    of the closed time: the last count of the day is made after it.
    """
    before = None
    for opens, close in polls:
        if moment < opens:
            return None if before is None else (before, opens)
        if moment < close:
            return None
        before = close
    return None if before is None else (before, _NEVER)


_NEVER: Final = 1 << 62
