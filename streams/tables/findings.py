"""The official series of one place against itself: falls, corrections, conflicting publishers.

Functions of the set of versions, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

from streams.tables.versions import Version, revisions

FindingKind = Literal["fall", "corrected_up", "corrected_down", "conflicting", "register_changed"]
KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)
"""Every kind of finding, for counts that show zero."""


class Finding(NamedTuple):
    """``version`` at ``checkpoint`` (µs) against ``previous``; ``open``: true of the headline now.

    ``value`` and ``previous_value`` are what was compared: voters, percentages as printed, or
    registered voters. ``previous`` None: the register of the pack.
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


class Register(NamedTuple):
    """``registered``: the pack's for the place, None: not known; ``tolerated``: share of it."""

    registered: int | None
    tolerated: Fraction


def findings(series: list[Figures], register: Register) -> Iterator[Finding]:
    """All findings of one place and contest; ``series`` ascending by checkpoint."""
    yield from _register_changed(series, register)
    for place, figures in enumerate(series):
        headline = figures.headline
        for head in figures.publishers.values():
            for version in head:
                fall = _fall(version, figures, series[:place])
                if fall is not None:
                    yield fall
            if head is not headline:
                yield from _conflicting(head, figures)
            if head.others is not None:
                yield from _corrected(head, figures)


def _register_changed(series: list[Figures], register: Register) -> Iterator[Finding]:
    """Headlines whose register differs from the pack's by more than is tolerated.

    Where the pack has none, from that of the earliest headline that gives one.
    """
    base, known = register.registered, None
    for figures in series:
        headline = figures.headline
        for version in headline:
            registered = version.data.registered
            if registered is None or base is None:
                continue
            if abs(registered - base) > register.tolerated * base:
                is_open = version is headline
                found = (is_open, version, known, registered, base)
                yield Finding("register_changed", figures.checkpoint, *found)
        if base is None and headline.data.registered is not None:
            base, known = headline.data.registered, headline


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
