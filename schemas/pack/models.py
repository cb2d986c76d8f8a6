"""The parts of a pack. Immutable and small: a pack may list a million stations."""

from __future__ import annotations

from typing import Literal, NamedTuple

from schemas.fields import Authority, ObserverGroup, Phase

RegionKind = Literal["country", "region", "out_of_country"]


class Contest(NamedTuple):
    """What is voted on: one ballot paper. None: not known, or does not apply."""

    code: str
    name: str
    main: bool
    seats: int | None = None
    threshold_percent: float | None = None
    lists: int | None = None
    candidates: int | None = None
    note: str | None = None


class Region(NamedTuple):
    """A region, the country as a whole, or the stations abroad."""

    code: str
    name: str
    parent: str | None
    registered: int | None
    stations: int | None
    kind: RegionKind


class Station(NamedTuple):
    """A polling station. ``lat`` and ``lon`` in degrees; None: not known."""

    id: str
    region: str
    registered: int | None
    stratum: str | None
    urban: bool | None
    lat: float | None
    lon: float | None


class Commission(NamedTuple):
    """An election commission above the stations."""

    id: str
    region: str
    name: str
    level: str | None


class District(NamedTuple):
    """A single-mandate district. ``electorate`` None: not published."""

    code: str
    contest: str
    region: str | None
    name: str
    electorate: int | None
    note: str


class Category(NamedTuple):
    """A category of incidents. ``phase`` None: any."""

    code: str
    name: str
    phase: Phase | None


class Question(NamedTuple):
    """A question of the observers' form. ``expected`` None: neither answer is a fault."""

    code: str
    phase: Phase | None
    text: str
    expected: Literal["yes", "no"] | None


class Deployment(NamedTuple):
    """Who is to report from which station. ``sample``: drawn at random for turnout."""

    station: str
    source: str
    sample: bool
    stratum: str | None
    phases: tuple[Phase, ...]


class Source(NamedTuple):
    """A producer of events. ``group`` None for officials and the desk."""

    uri: str
    authority: Authority
    group: ObserverGroup | None
    name: str


class Publisher(NamedTuple):
    """Who publishes official figures. Rank 0 has the last word."""

    code: str
    rank: int
    name: str
