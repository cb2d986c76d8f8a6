"""What observers counted in one region, and its sums for every comparison of the turnout gap.

The statistics are :mod:`streams.turnout`'s; here a station's counts are put into sums by
checkpoint and stratum, and taken out again when they change. An event marks its station; the sums
of marked stations are brought up to date in small lots and when somebody looks, so that neither an
event nor a look ever goes over all stations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, NamedTuple

from schemas.fields import microseconds
from schemas.observer import ObservedTurnout
from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.tables.counts import COUNT_FINDINGS, Book, CountFinding, Ref, of_sources, too_long
from streams.tables.findings import Figures
from streams.tables.official import OfficialTurnoutTable, Place
from streams.tables.sample import HOUR, MINUTE, Design, Drawn, boundaries, closed_since, designs
from streams.tables.totals import Totals
from streams.tables.versions import Version
from streams.turnout import flow as flows
from streams.turnout.exact import Exact
from streams.turnout.flow import FlowSums, Polls, Watched
from streams.turnout.level import Sums
from streams.turnout.matched import Choice, Count, MatchedSums, Tolerance, choose

LOT: Final = 256
"""So many stations may wait to be summed up."""

ALL: Final = ""
"""The stratum of stations that were not drawn from any."""


class Stage(NamedTuple):
    """What a station's sums are made by: the pack's constants and the region's sample.

    ``checkpoints``: each with the moment that the polls closed which are closed then, or None.
    """

    pack: Pack
    design: Design | None
    checkpoints: Mapping[int, int | None]
    boundaries: tuple[int, ...]
    polls: Polls
    within: int
    longest: int
    tolerance: Tolerance


@dataclass(slots=True)
class Contribution:
    """What one station and contest puts into the sums."""

    level: dict[tuple[int, str], Sums] = field(default_factory=dict)
    flow: dict[int, FlowSums] = field(default_factory=dict)
    matched: dict[int, MatchedSums] = field(default_factory=dict)
    told: dict[int, MatchedSums] = field(default_factory=dict)
    findings: dict[Ref, set[CountFinding]] = field(default_factory=dict)


class ContestSums:
    """The sums of one contest.

    ``level``: by (checkpoint, stratum); ``flow``: by the end of the interval; ``matched`` and
    ``told``: by the checkpoint of the official figure. Checkpoints in µs.
    """

    __slots__ = ("flow", "level", "matched", "told")

    def __init__(self) -> None:
        self.level: Totals[tuple[int, str], Sums] = Totals(Sums())
        self.flow: Totals[int, FlowSums] = Totals(FlowSums())
        self.matched: Totals[int, MatchedSums] = Totals(MatchedSums())
        self.told: Totals[int, MatchedSums] = Totals(MatchedSums())

    def change(self, old: Contribution, new: Contribution) -> None:
        """Put a station's new contribution in the place of its old one."""
        self.level.change(old.level, new.level)
        self.flow.change(old.flow, new.flow)
        self.matched.change(old.matched, new.matched)
        self.told.change(old.told, new.told)


_NOTHING: Final = Contribution()


class RegionTurnout:
    """The counts of one region by place, (station, contest), and the sums over them.

    ``official``: the region's published figures, which the matched comparison reads. ``memo``:
    what was last judged of it, with the pack and the region's ``changes`` that it was judged at.
    """

    __slots__ = (
        "_contributions",
        "_findings",
        "_stage",
        "_sums",
        "_waiting",
        "books",
        "code",
        "memo",
        "official",
    )

    def __init__(self, code: str, pack: Pack, official: OfficialTurnoutTable) -> None:
        self.code = code
        self.official = official
        self.books: dict[Place, Book] = {}
        self.memo: tuple[Pack, int, Sequence[Any]] | None = None
        self._stage = _stage(pack, code)
        self._contributions: dict[Place, Contribution] = {}
        self._findings: dict[CountFinding, int] = dict.fromkeys(COUNT_FINDINGS, 0)
        self._sums: dict[str, ContestSums] = {}
        self._waiting: dict[Place, None] = {}

    def add(self, version: Version) -> None:
        """Put in a count that stands."""
        place = self._place(version.data)
        book = self.books.get(place)
        if book is None:
            book = self.books[place] = Book()
        book.add(version)
        self._mark(place)

    def remove(self, version: Version) -> None:
        """Take out a count that was put in."""
        place = self._place(version.data)
        book = self.books[place]
        book.remove(version)
        if not book:
            del self.books[place]
        self._mark(place)

    def published(self, place: Place) -> None:
        """An official figure of a place came or changed."""
        if place in self.books:
            self._mark(place)

    def sums(self, pack: Pack) -> Mapping[str, ContestSums]:
        """Contest → its sums, by the constants of ``pack``."""
        if pack is not self._stage.pack:
            self._stage = _stage(pack, self.code)
            self._waiting.update(dict.fromkeys(self.books))
        self._catch_up()
        return self._sums

    def findings(self, pack: Pack) -> Mapping[CountFinding, int]:
        """Kind → counts with it; every kind is there."""
        self.sums(pack)
        return self._findings

    def wrong(self, place: Place, pack: Pack) -> Mapping[Ref, set[CountFinding]]:
        """What is wrong with the counts of a place."""
        self.sums(pack)
        return self._contributions.get(place, _NOTHING).findings

    def matches(self, place: Place, pack: Pack, *, told: bool) -> Iterator[tuple[Figures, Choice]]:
        """(official figures of a checkpoint, the count that meets them) of one station."""
        series = self.official.series.get(place)
        book = self.books.get(place)
        if series is None or book is None or not place[0]:
            return
        within, polls = pack.judgement.turnout.match_minutes * MINUTE, pack.polls(self.code)
        counts = book.told if told else book.counted
        for figures in series.figures() if counts else ():
            as_of = microseconds(figures.headline.data.as_of)
            chosen = choose(counts, as_of, within, closed_since(polls, as_of))
            if chosen is not None:
                yield figures, chosen

    def _place(self, data: ObservedTurnout) -> Place:
        return data.station, data.contest or self._stage.pack.main_contest

    def _mark(self, place: Place) -> None:
        self._waiting[place] = None
        if len(self._waiting) >= LOT:
            self._catch_up()

    def _catch_up(self) -> None:
        for place in self._waiting:
            old = self._contributions.pop(place, _NOTHING)
            new = self._contribution(place)
            if new is not _NOTHING:
                self._contributions[place] = new
            sums = self._sums.get(place[1])
            if sums is None:
                sums = self._sums[place[1]] = ContestSums()
            sums.change(old, new)
            for kinds, sign in ((old.findings, -1), (new.findings, 1)):
                for kind in (kind for some in kinds.values() for kind in some):
                    self._findings[kind] += sign
        self._waiting.clear()

    def _contribution(self, place: Place) -> Contribution:
        book = self.books.get(place)
        if book is None:
            return _NOTHING
        stage = self._stage
        register = listed(stage.pack, place)
        found = Contribution(findings=book.findings(register, stage.longest, stage.polls))
        drawn = _ANYBODY if stage.design is None else stage.design.stations.get(place[0])
        if drawn is not None:
            sources = None if drawn is _ANYBODY else drawn.sources
            found.level = _level(book, sources, drawn.stratum, register, stage)
            found.flow = _flow(book, sources, register, stage)
        found.matched = self._matched(place, register, told=False)
        found.told = self._matched(place, register, told=True)
        return found

    def _matched(self, place: Place, register: int | None, *, told: bool) -> dict[int, MatchedSums]:
        found = {}
        for figures, chosen in self.matches(place, self._stage.pack, told=told):
            voters = figure_voters(figures.headline.data, register)
            if voters is not None:
                found[figures.checkpoint] = MatchedSums.of(
                    voters, chosen.observed, self._stage.tolerance, conflict=chosen.conflict
                )
        return found


_ANYBODY: Final = Drawn(ALL, frozenset())


def _stage(pack: Pack, code: str) -> Stage:
    values = pack.judgement.turnout
    return Stage(
        pack,
        designs(pack).get(code),
        {at: closed_since(pack.polls(code), at) for at in pack.checkpoints},
        boundaries(pack, code),
        pack.polls(code),
        values.match_minutes * MINUTE,
        values.interval_hours * HOUR,
        tolerance(pack),
    )


def tolerance(pack: Pack) -> Tolerance:
    """What may differ at a matched station."""
    values = pack.judgement.turnout
    return Tolerance(values.matched_percent, values.matched_votes)


def listed(pack: Pack, place: Place) -> int | None:
    """The pack's register of a station: of those who vote in the main contest."""
    station = (pack.stations or {}).get(place[0])
    if station is None or place[1] != pack.main_contest:
        return None
    return station.registered


def figure_voters(data: OfficialTurnout, register: int | None) -> Exact | None:
    """Voters of an official figure: as published, else the printed percentage of the register.

    ``register``: the pack's, for a figure that gives none itself. None where neither is known.
    """
    if data.voted is not None:
        return data.voted
    known = data.registered or register
    if data.percent is None or not known:
        return None
    return Fraction(data.percent) * known / 100


def _level(
    book: Book,
    sources: frozenset[str] | None,
    stratum: str,
    register: int | None,
    stage: Stage,
) -> dict[tuple[int, str], Sums]:
    counts: list[Count] = book.counted if sources is None else of_sources(book.counted, sources)
    found = {}
    for checkpoint, closed in stage.checkpoints.items() if counts else ():
        chosen = choose(counts, checkpoint, stage.within, closed)
        if chosen is not None:
            known = book.register((count.ref for count in chosen.counts), register)
            m = None if known is None else _whole(known)
            found[checkpoint, stratum] = Sums.of(_whole(chosen.observed), m)
    return found


def _flow(
    book: Book, sources: frozenset[str] | None, register: int | None, stage: Stage
) -> dict[int, FlowSums]:
    spans = [
        span
        for span in book.spans
        if (sources is None or span.ref[0] in sources) and not too_long(span, stage.longest)
    ]
    if not spans:
        return {}
    watched: dict[int, Watched] = {}
    for span in spans:
        for piece in flows.while_open(span.since, span.until, span.voters, stage.polls):
            for part in flows.split(piece.since, piece.until, piece.voters, stage.boundaries):
                add = Watched(part.voters, part.length)
                watched[part.until] = watched.get(part.until, Watched()) + add
    known = book.register((span.ref for span in spans), register)
    return {until: FlowSums.of(one, known) for until, one in watched.items()}


def _whole(value: Fraction) -> Exact:
    """The same number as an integer where it is one: those are the quicker ones to sum."""
    return value.numerator if value.denominator == 1 else value
