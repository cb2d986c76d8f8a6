"""What observers counted in one region, and its sums for every comparison of the turnout gap.

The statistics are :mod:`streams.turnout`'s; here a station's counts are put into sums by
checkpoint and stratum, and taken out again when they change. An event marks its station; the sums
of marked stations are brought up to date in small lots and when somebody looks, so that neither an
event nor a look ever goes over all stations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal, NamedTuple

from schemas.fields import microseconds
from schemas.observer import ObservedTurnout
from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.tables.counts import COUNT_FINDINGS, Book, CountFinding, Ref, of_sources, too_long
from streams.tables.findings import Figures
from streams.tables.lots import LOT, exhaust
from streams.tables.official import OfficialTurnoutTable, Place
from streams.tables.sample import HOUR, MINUTE, Design, Drawn, boundaries, closed_around, designs
from streams.tables.stations import register_of_station
from streams.tables.totals import Totals
from streams.tables.versions import Version
from streams.turnout import flow as flows
from streams.turnout.exact import Exact
from streams.turnout.flow import FlowSums, Polls, Watched
from streams.turnout.level import Sums
from streams.turnout.matched import Choice, MatchedSums, Tolerance, choose

Mark = tuple[Literal["level", "flow"], int, CountFinding]
"""(comparison, checkpoint in µs, what is wrong with a count that it rests on)"""

ALL: Final = ""
"""The stratum of stations that were not drawn from any."""


class Stage(NamedTuple):
    """What a station's sums are made by: the pack's constants and the region's sample.

    ``checkpoints``: each with the time that polls are closed around it, or None.
    """

    pack: Pack
    design: Design | None
    checkpoints: Mapping[int, tuple[int, int] | None]
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
    marks: dict[Mark, int] = field(default_factory=dict)
    findings: dict[Ref, set[CountFinding]] = field(default_factory=dict)

    def wrong(self, ref: tuple[str, ...]) -> Collection[CountFinding]:
        """What is wrong with a count."""
        return self.findings.get((ref[0], ref[1]), ())

    def mark(self, comparison: Literal["level", "flow"], at: int, ref: tuple[str, ...]) -> None:
        """Say of a comparison what is wrong with a count that it rests on."""
        for kind in self.wrong(ref):
            self.marks[comparison, at, kind] = self.marks.get((comparison, at, kind), 0) + 1


class ContestSums:
    """The sums of one contest.

    ``level``: by (checkpoint, stratum); ``flow``: by the end of the interval; ``matched`` and
    ``told``: by the checkpoint of the official figure. Checkpoints in µs. ``marks``: how many of
    the counts behind a level or a flow have something wrong with them.
    """

    __slots__ = ("flow", "level", "marks", "matched", "told")

    def __init__(self) -> None:
        self.level: Totals[tuple[int, str], Sums] = Totals(Sums())
        self.flow: Totals[int, FlowSums] = Totals(FlowSums())
        self.matched: Totals[int, MatchedSums] = Totals(MatchedSums())
        self.told: Totals[int, MatchedSums] = Totals(MatchedSums())
        self.marks: Totals[Mark, int] = Totals(0)

    def change(self, old: Contribution, new: Contribution) -> None:
        """Put a station's new contribution in the place of its old one."""
        self.level.change(old.level, new.level)
        self.flow.change(old.flow, new.flow)
        self.matched.change(old.matched, new.matched)
        self.told.change(old.told, new.told)
        self.marks.change(old.marks, new.marks)


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
        exhaust(self.settle(pack))
        return self._sums

    def settle(self, pack: Pack) -> Iterator[None]:
        """Sum up the stations that changed since the last look, one at a step."""
        if pack is not self._stage.pack:
            self._stage = _stage(pack, self.code)
            self._waiting.update(dict.fromkeys(self.books))
        return self._catch_up()

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
            chosen = choose(counts, as_of, within, closed_around(polls, as_of))
            if chosen is not None:
                yield figures, chosen

    def _place(self, data: ObservedTurnout) -> Place:
        return data.station, data.contest or self._stage.pack.main_contest

    def _mark(self, place: Place) -> None:
        self._waiting[place] = None
        if len(self._waiting) >= LOT:
            exhaust(self._catch_up())

    def _catch_up(self) -> Iterator[None]:
        for place in list(self._waiting):
            if place not in self._waiting:
                continue
            del self._waiting[place]
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
            yield

    def _contribution(self, place: Place) -> Contribution:
        book = self.books.get(place)
        if book is None:
            return _NOTHING
        stage = self._stage
        register = register_of_station(stage.pack, *place)
        found = Contribution(findings=book.findings(register, stage.longest, stage.polls))
        drawn = _ANYBODY if stage.design is None else stage.design.stations.get(place[0])
        if drawn is not None:
            found.level = _level(book, drawn, register, stage, found)
            found.flow = _flow(book, drawn, register, stage, found)
        found.matched = self._matched(place, register, found, told=False)
        found.told = self._matched(place, register, found, told=True)
        return found

    def _matched(
        self, place: Place, register: int | None, new: Contribution, *, told: bool
    ) -> dict[int, MatchedSums]:
        found = {}
        for figures, chosen in self.matches(place, self._stage.pack, told=told):
            voters = figure_voters(figures.headline.data, register)
            if voters is not None:
                conflict = any("conflict" in new.wrong(count.ref) for count in chosen.counts)
                found[figures.checkpoint] = MatchedSums.of(
                    voters, chosen.observed, self._stage.tolerance, conflict=conflict
                )
        return found


_ANYBODY: Final = Drawn(ALL, frozenset())


def _stage(pack: Pack, code: str) -> Stage:
    values = pack.judgement.turnout
    return Stage(
        pack,
        designs(pack).get(code),
        {at: closed_around(pack.polls(code), at) for at in pack.checkpoints},
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
    book: Book, drawn: Drawn, register: int | None, stage: Stage, new: Contribution
) -> dict[tuple[int, str], Sums]:
    anybody = drawn is _ANYBODY
    counts = book.counted if anybody else of_sources(book.counted, drawn.sources)
    found = {}
    for checkpoint, closed in stage.checkpoints.items() if counts else ():
        chosen = choose(counts, checkpoint, stage.within, closed)
        if chosen is not None:
            known = book.register((count.ref for count in chosen.counts), register)
            for count in chosen.counts:
                new.mark("level", checkpoint, count.ref)
            m = None if known is None else _whole(known)
            found[checkpoint, drawn.stratum] = Sums.of(_whole(chosen.observed), m)
    return found


def _flow(
    book: Book, drawn: Drawn, register: int | None, stage: Stage, new: Contribution
) -> dict[int, FlowSums]:
    anybody = drawn is _ANYBODY
    spans = [
        span
        for span in book.spans
        if (anybody or span.ref[0] in drawn.sources) and not too_long(span, stage.longest)
    ]
    if not spans:
        return {}
    watched: dict[int, Watched] = {}
    for span in spans:
        ends: set[int] = set()
        for piece in flows.while_open(span.since, span.until, span.voters, stage.polls):
            for part in flows.split(piece.since, piece.until, piece.voters, stage.boundaries):
                add = Watched(part.voters, part.length)
                watched[part.until] = watched.get(part.until, Watched()) + add
                ends.add(part.until)
        for until in ends:
            new.mark("flow", until, span.ref)
    known = book.register((span.ref for span in spans), register)
    return {until: FlowSums.of(one, known) for until, one in watched.items()}


def _whole(value: Fraction) -> Exact:
    """The same number as an integer where it is one: those are the quicker ones to sum."""
    return value.numerator if value.denominator == 1 else value
