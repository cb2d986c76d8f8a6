"""The official series of one place against itself: falls, jumps, corrections, contradictions.

Functions of the set of versions, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

from schemas.pack.hours import Polls
from streams.tables.versions import Version, revisions
from streams.turnout.series import (
    Figure,
    above_register,
    impossible,
    inconsistent,
    jump,
    minutes_open,
    register_changed,
    rise,
)

SeriesKind = Literal[
    "fall",
    "corrected_up",
    "corrected_down",
    "conflicting",
    "register_changed",
    "inconsistent",
    "impossible",
    "jump",
]
"""What the figures of one place say by themselves."""
FindingKind = Literal[SeriesKind, "overdue", "sum_mismatch"]
SERIES_KINDS: Final[tuple[SeriesKind, ...]] = get_args(SeriesKind)
KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)
"""Every kind of finding."""
OF_A_REGION: Final[tuple[FindingKind, ...]] = (*SERIES_KINDS, "overdue")
"""The kinds that the tables of one region are enough for: counts of them show zero."""


class Finding(NamedTuple):
    """``version`` at ``checkpoint`` (µs) against ``previous``; ``open``: true of the headline now.

    ``value`` and ``previous_value`` are what was compared: voters, percentages as printed, or
    registered voters. ``previous`` None: what nobody published. That is the register of the pack
    (register_changed), 100 % (impossible), the sum of the regions (sum_mismatch).
    """

    kind: FindingKind
    checkpoint: int
    open: bool
    version: Version
    previous: Version | None
    value: int | str
    previous_value: int | str


class Figures(NamedTuple):
    """One checkpoint of one place and contest: each publisher's current version, highest first."""

    checkpoint: int
    publishers: Mapping[str, Version]

    @property
    def headline(self) -> Version:
        """The figure that counts: the highest publisher's current one."""
        return next(iter(self.publishers.values()))


def compare(a: Version, b: Version) -> tuple[int, int | str, int | str] | None:
    """The sign of ``a`` − ``b`` and what was compared; None where they have nothing in common.

    Voters where both give them, else percentages. Percentages are equal when they can be the same
    number printed with the coarser one's digits: rounding is not a finding.
    """
    x, y = a.data.voted, b.data.voted
    if x is not None and y is not None:
        return (x > y) - (x < y), x, y
    p, q = a.data.percent, b.data.percent
    if p is None or q is None:
        return None
    difference = Fraction(p) - Fraction(q)
    digits = min(_digits(p), _digits(q))
    if abs(difference) * 2 * 10**digits <= 1:
        return 0, p, q
    return (1 if difference > 0 else -1), p, q


def _digits(percent: str) -> int:
    """Digits after the point."""
    return len(percent.partition(".")[2])


class Basis(NamedTuple):
    """What the pack knows of a place, to judge its figures by.

    ``registered``: its register, ``stations``: how many vote there; None: not known. ``polls``:
    (open, close) of each day; () where not known. ``percent``: tolerated change of a register;
    ``per_minute``: voters that a station can serve.
    """

    registered: int | None
    stations: int | None
    polls: Polls
    percent: Fraction
    per_minute: Fraction


def findings(series: list[Figures], basis: Basis) -> Iterator[Finding]:
    """All findings of one place and contest; ``series`` ascending by checkpoint."""
    yield from _register_changed(series, basis)
    for place, figures in enumerate(series):
        headline = figures.headline
        earlier = series[:place]
        for head in figures.publishers.values():
            for version in head:
                yield from _by_itself(version, figures)
                for found in (
                    _fall(version, figures, earlier),
                    _jump(version, figures, earlier, basis),
                ):
                    if found is not None:
                        yield found
            if head is not headline:
                yield from _conflicting(head, figures)
            if head.others is not None:
                yield from _corrected(head, figures)


def _register_changed(series: list[Figures], basis: Basis) -> Iterator[Finding]:
    """Headlines whose register differs from the pack's by more than is tolerated.

    Where the pack has none, from that of the earliest headline that gives one.
    """
    base, known = basis.registered, None
    for figures in series:
        headline = figures.headline
        for version in headline:
            registered = version.data.registered
            if registered is None or base is None:
                continue
            if register_changed(base, registered, basis.percent):
                is_open = version is headline
                found = (is_open, version, known, registered, base)
                yield Finding("register_changed", figures.checkpoint, *found)
        if base is None and headline.data.registered is not None:
            base, known = headline.data.registered, headline


def figure(version: Version) -> Figure:
    """What a version says."""
    data = version.data
    return Figure(data.voted, data.registered, data.percent)


def _by_itself(version: Version, figures: Figures) -> Iterator[Finding]:
    """What one figure says against itself: both numbers are its own."""
    data, given = version.data, figure(version)
    at, is_open = figures.checkpoint, version is figures.headline
    wrong = inconsistent(given)
    if wrong is not None:
        made = decimal(wrong.expected, data.percent)
        yield Finding("inconsistent", at, is_open, version, version, data.percent, made)
    if above_register(given):
        two = (data.voted, data.registered)
        yield Finding("impossible", at, is_open, version, version, *two)
    elif impossible(given):
        yield Finding("impossible", at, is_open, version, None, data.percent, "100")


def decimal(value: Fraction, printed: str) -> str:
    """A percentage with two digits more than ``printed``, that the two can be told apart."""
    digits = _digits(printed) + 2
    whole, rest = divmod(value.numerator * 10**digits, value.denominator)
    # To even, as ``round`` does, which takes several fractions for it.
    whole += 2 * rest > value.denominator or (2 * rest == value.denominator and whole % 2)
    text = str(whole).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}"


def _fall(version: Version, figures: Figures, earlier: list[Figures]) -> Finding | None:
    """``version`` below a headline of an earlier checkpoint.

    The latest earlier headline of now that is above it; if there is none, the latest past figure
    of an earlier headline's publisher: the fall of then stays visible when it was mended.
    """
    for before in reversed(earlier):
        previous = before.headline
        found = compare(version, previous)
        if found is not None and found[0] < 0:
            is_open = version is figures.headline
            return Finding("fall", figures.checkpoint, is_open, version, previous, *found[1:])
    for before in reversed(earlier):
        for previous in reversed(before.headline.others or ()):
            found = compare(version, previous)
            if found is not None and found[0] < 0:
                return Finding("fall", figures.checkpoint, False, version, previous, *found[1:])
    return None


def _jump(
    version: Version, figures: Figures, earlier: list[Figures], basis: Basis
) -> Finding | None:
    """``version`` has more new voters since the checkpoint before than the stations can serve.

    Against the latest checkpoint with a figure that it can be compared to: against the headline,
    else the past figures of the headline's publisher, so that the jump of then stays visible.
    Percentages count where a register is printed with them: the pack's may be another. Nothing
    where the hours of the polls are not known.
    """
    if not basis.polls or basis.stations is None:
        return None
    after = figure(version)
    for before in reversed(earlier):
        minutes = minutes_open(basis.polls, before.checkpoint, figures.checkpoint)
        compared = False
        for previous in (before.headline, *reversed(before.headline.others or ())):
            then = figure(previous)
            compared = compared or rise(then, after) is not None
            found = compare(version, previous)
            if found is not None and jump(then, after, minutes, basis.stations, basis.per_minute):
                is_open = version is figures.headline and previous is before.headline
                return Finding("jump", figures.checkpoint, is_open, version, previous, *found[1:])
        if compared:
            return None
    return None


def _corrected(head: Version, figures: Figures) -> Iterator[Finding]:
    """Consecutive revisions of one publisher that differ in the figure."""
    steps = revisions(head)
    for previous, version in pairwise(steps):
        found = compare(version, previous)
        if found is None or not found[0]:
            continue
        kind: FindingKind = "corrected_up" if found[0] > 0 else "corrected_down"
        is_open = version is figures.headline
        yield Finding(kind, figures.checkpoint, is_open, version, previous, *found[1:])


def _conflicting(head: Version, figures: Figures) -> Iterator[Finding]:
    """Figures of another publisher, current or past, that differ from the headline."""
    headline = figures.headline
    for version in head:
        found = compare(version, headline)
        if found is not None and found[0]:
            is_open = version is head
            yield Finding("conflicting", figures.checkpoint, is_open, version, headline, *found[1:])
