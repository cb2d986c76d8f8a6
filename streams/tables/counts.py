"""What observers counted at one station for one contest: every count that stands, in order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator
from fractions import Fraction
from statistics import median
from typing import Final, Literal, NamedTuple, get_args

from schemas.fields import microseconds
from schemas.observer import ObservedTurnout
from streams.tables.versions import Version
from streams.turnout.flow import Polls, while_open
from streams.turnout.matched import Count

CountFinding = Literal["above_register", "falling", "too_long", "outside_hours", "conflict"]
COUNT_FINDINGS: Final[tuple[CountFinding, ...]] = get_args(CountFinding)
"""What can be wrong with an observer's count, for counts that show zero."""

Ref = tuple[str, str]
"""(source, report_id)"""

Observer = tuple[str, str | None]
"""(source, its opaque id of the observer, if it gives one)"""


class Span(NamedTuple):
    """An interval count: ``since`` to ``until`` (µs). Spans sort by ``since``."""

    since: int
    until: int
    voters: int
    ref: Ref


class Extremes:
    """The highest number so far, and the highest of anybody else but whose that is."""

    __slots__ = ("_first", "_second")

    def __init__(self) -> None:
        self._first: tuple[int, Observer] | None = None
        self._second: int | None = None

    def above(self, number: int, observer: Observer) -> bool:
        """Whether somebody else had more than ``number``."""
        if self._first is None:
            return False
        highest, whose = self._first
        other = self._second if whose == observer else highest
        return other is not None and other > number

    def add(self, number: int, observer: Observer) -> None:
        """Take a number of an observer in."""
        if self._first is None:
            self._first = (number, observer)
            return
        highest, whose = self._first
        if number > highest:
            if whose != observer:
                self._second = highest
            self._first = (number, observer)
        elif whose != observer:
            self._second = number if self._second is None else max(self._second, number)


class Book:
    """The standing counts of one station and contest.

    ``counted``: cumulative and independent; ``told``: cumulative, by the commission; ``spans``:
    independent interval counts. Each sorted. ``told_spans`` are shown and used for nothing.
    ``reports``: (source, report_id) → its current version.
    """

    __slots__ = ("counted", "reports", "spans", "told", "told_spans")

    def __init__(self) -> None:
        self.counted: list[Count] = []
        self.told: list[Count] = []
        self.spans: list[Span] = []
        self.told_spans: list[Span] = []
        self.reports: dict[Ref, Version] = {}

    def __bool__(self) -> bool:
        return bool(self.reports)

    def add(self, version: Version) -> None:
        """Put in a count."""
        data: ObservedTurnout = version.data
        ref = (version.source, data.report_id)
        self.reports[ref] = version
        if data.interval is not None:
            insort(self._spans(data), _span(data, ref))
        else:
            insort(self._counts(data), _count(version, data, ref))

    def remove(self, version: Version) -> None:
        """Take out what :meth:`add` put in with the same version."""
        data: ObservedTurnout = version.data
        ref = (version.source, data.report_id)
        del self.reports[ref]
        if data.interval is not None:
            spans, span = self._spans(data), _span(data, ref)
            del spans[bisect_left(spans, span)]
        else:
            counts, count = self._counts(data), _count(version, data, ref)
            del counts[bisect_left(counts, count)]

    def _counts(self, data: ObservedTurnout) -> list[Count]:
        return self.told if data.method == "told_by_commission" else self.counted

    def _spans(self, data: ObservedTurnout) -> list[Span]:
        return self.told_spans if data.method == "told_by_commission" else self.spans

    def register(self, refs: Iterable[tuple[str, ...]], listed: int | None) -> Fraction | None:
        """Voters registered, as these reports say: their median; else as the pack lists them.

        Zero is no register.
        """
        said = [self.reports[ref[0], ref[1]].data.registered for ref in refs]
        known = [Fraction(number) for number in said if number]
        if known:
            return median(known)
        return Fraction(listed) if listed else None

    def findings(
        self, listed: int | None, longest: int, polls: Polls
    ) -> dict[Ref, set[CountFinding]]:
        """What is wrong with each count, of those with which anything is.

        ``listed``: the pack's register; ``longest``: µs an interval count may last; ``polls``: the
        region's hours, empty where they are not known.
        """
        found: dict[Ref, set[CountFinding]] = {}
        for ref, version in self.reports.items():
            for kind in _own(version.data, listed, longest, polls):
                found.setdefault(ref, set()).add(kind)
        for counts in (self.counted, self.told):
            if len(counts) < 2:  # most stations are counted once
                continue
            for ref in self._falling(counts):
                found.setdefault(ref, set()).add("falling")
            for ref in self._conflicting(counts):
                found.setdefault(ref, set()).add("conflict")
        return found

    def _falling(self, counts: list[Count]) -> Iterator[Ref]:
        """Counts below an earlier one of the same observer."""
        highest: dict[Observer, int] = {}
        for moment in _moments(counts):
            mine = [(count, self._observer(count)) for count in moment]
            for count, observer in mine:
                if count.voters < highest.get(observer, 0):
                    yield count.ref[0], count.ref[1]
            for count, observer in mine:
                highest[observer] = max(count.voters, highest.get(observer, 0))

    def _conflicting(self, counts: list[Count]) -> Iterator[Ref]:
        """Counts that another's contradicts: of one moment and not equal, or later and lower."""
        moments = list(_moments(counts))
        for moment in moments:
            if len({count.voters for count in moment}) > 1:
                for count in moment:
                    yield count.ref[0], count.ref[1]
        for several, sign in ((moments, 1), (moments[::-1], -1)):
            extremes = Extremes()
            for moment in several:
                mine = [(sign * count.voters, self._observer(count), count) for count in moment]
                for voters, observer, count in mine:
                    if extremes.above(voters, observer):
                        yield count.ref[0], count.ref[1]
                for voters, observer, _ in mine:
                    extremes.add(voters, observer)

    def _observer(self, count: Count) -> Observer:
        source, report_id = count.ref
        return source, self.reports[source, report_id].data.observer


def _own(
    data: ObservedTurnout, listed: int | None, longest: int, polls: Polls
) -> Iterator[CountFinding]:
    """What is wrong with a count by itself."""
    interval = data.interval
    voters = data.cumulative if interval is None else interval.voters
    register = data.registered or listed
    if voters is not None and register and voters > register:
        yield "above_register"
    if interval is not None:
        span = _span(data, ("", ""))
        if too_long(span, longest):
            yield "too_long"
        if not any(while_open(span.since, span.until, span.voters, polls)):
            yield "outside_hours"


def too_long(span: Span, longest: int) -> bool:
    """Whether an interval count lasts longer than ``longest`` µs."""
    return span.until - span.since > longest


def of_sources(counts: list[Count], sources: Container[str]) -> list[Count]:
    """The counts of some sources, in order."""
    return [count for count in counts if count.ref[0] in sources]


def _count(version: Version, data: ObservedTurnout, ref: Ref) -> Count:
    assert data.cumulative is not None
    return Count(version.at, data.cumulative, ref)


def _span(data: ObservedTurnout, ref: Ref) -> Span:
    assert data.interval is not None
    since, until = microseconds(data.interval.since), microseconds(data.interval.until)
    return Span(since, until, data.interval.voters, ref)


def _moments(counts: list[Count]) -> Iterator[list[Count]]:
    """The counts of each moment, ascending."""
    same: list[Count] = []
    for count in counts:
        if same and count.at != same[0].at:
            yield same
            same = []
        same.append(count)
    if same:
        yield same
